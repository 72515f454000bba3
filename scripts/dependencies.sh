#!/bin/sh
# Writes build/sbom.cdx.json, the software bill of materials (CycloneDX) of what is shipped, and looks for known vulnerabilities in it.
# The latter asks the registry; where it has no such service, or there is no network, that is said and is no failure. What can be
# checked offline (pins, checksums, licences, install scripts) is in test/contract/dependencies.test.ts.
set -eu
cd "$(dirname "$0")/.."
mkdir -p build
audit=$(mktemp)
trap 'rm -f "$audit"' EXIT

node_modules/.bin/node scripts/sbom.ts build/sbom.cdx.json

if npm audit --omit dev --audit-level high --json >"$audit" 2>/dev/null; then
  echo 'audit: no known vulnerability of high or critical severity'
elif grep -q '"auditReportVersion"' "$audit"; then
  npm audit --omit dev --audit-level high || true
  echo 'audit: known vulnerabilities, see above' >&2
  exit 1
else
  echo 'audit: skipped: the registry does not answer questions about vulnerabilities here'
fi
