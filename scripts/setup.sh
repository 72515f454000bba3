#!/bin/sh
# Installs what is missing: system packages, and npm packages with the pinned Node. Then builds. `setup.sh test` also installs what the
# tests need. Nothing is done twice.
set -eu
cd "$(dirname "$0")/.."

build_packages='clang llvm libbpf-dev libelf-dev zlib1g-dev g++'
test_packages='iproute2 iptables nftables bpftool bpftrace ca-certificates gcc libc6-dev procps shellcheck util-linux'

say() { printf 'dropreason: %s\n' "$*" >&2; }

# Whether every command and header of the packages exists, from any source.
have_build() {
  command -v clang && command -v llvm-strip && command -v g++ && [ -e /usr/include/bpf/libbpf.h ]
}
have_test() {
  have_build && command -v ip && command -v tc && command -v iptables-legacy && command -v nft &&
    command -v bpftrace && [ -e /usr/sbin/bpftool ] && command -v gcc && command -v shellcheck && command -v taskset
}

# packages CHECK NAME…: installs them as root on Debian, else lists them.
packages() {
  check=$1; shift
  PATH="$PATH:/usr/sbin:/sbin"
  if $check >/dev/null 2>&1; then return; fi
  if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
    say "installing $*"
    export DEBIAN_FRONTEND=noninteractive
    apt-get install -y -qq --no-install-recommends "$@" >/dev/null 2>&1 ||
      { apt-get update -qq && apt-get install -y -qq --no-install-recommends "$@" >/dev/null; } ||
      say "apt-get failed; these packages are required: $*"
  else
    say "these packages are required, by Debian's names: $*"
    [ "$(id -u)" = 0 ] || say 'run this once as root (sudo npm run setup), or install them yourself'
  fi
  if ! $check >/dev/null 2>&1; then say 'some of them are still missing; continuing without them'; fi
}

# shellcheck disable=SC2086 # The lists are words.
packages have_build $build_packages
# shellcheck disable=SC2086
[ "${1:-}" != test ] || packages have_test $build_packages $test_packages

# shellcheck disable=SC3013 # dash has -nt, and so have bash and busybox.
if [ ! -x node_modules/.bin/node ] || [ package-lock.json -nt node_modules/.package-lock.json ]; then
  say 'installing npm packages'
  npm ci --ignore-scripts --no-audit --no-fund --loglevel=error
  touch node_modules/.package-lock.json
fi

sh scripts/build.sh
