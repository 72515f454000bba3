#!/bin/sh
# Writes build/sbom.cdx.json, the software bill of materials (CycloneDX) of the shipped packages, and checks them for known
# vulnerabilities. This check needs the registry. If the registry has no such service, or there is no network, the check is skipped with a
# message. Offline checks (pins, checksums, licences, install scripts) are in test/contract/dependencies.test.ts.
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
  echo 'audit: skipped: the registry does not report vulnerabilities here'
fi
