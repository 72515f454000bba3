#!/bin/sh
# `npm run test:vm`: runs the scenarios of test/kernel/ on each kernel of the matrix, in virtual machines. See test/vm/main.ts.
set -eu
cd "$(dirname "$0")/.."

packages=
need() { command -v "$1" >/dev/null || [ -x "/sbin/$1" ] || packages="$packages $2"; }
need depmod kmod
need qemu-system-x86_64 qemu-system-x86
need busybox busybox-static
need cpio cpio
need xz xz-utils
if [ -n "$packages" ]; then
  if [ "$(id -u)" = 0 ] && [ -e /etc/debian_version ] && command -v apt-get >/dev/null; then
    echo "installing$packages"
    # A machine that was never updated has no package lists.
    # shellcheck disable=SC2086
    DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $packages >/dev/null 2>&1 || {
      apt-get update -qq
      # shellcheck disable=SC2086
      DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $packages >/dev/null
    }
  else
    echo "test:vm requires these packages (Debian's names):$packages" >&2
    exit 1
  fi
fi

sh scripts/setup.sh test
sh test/kernel/build.sh
sh test/vm/stress/build.sh
PATH=$PATH:/usr/sbin:/sbin
export PATH
exec node_modules/.bin/node test/vm/main.ts "$@"
