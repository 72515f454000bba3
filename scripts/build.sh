#!/bin/sh
# Builds the BPF object, the addon and the JavaScript into build/ and dist/, if they are out of date.
set -eu
cd "$(dirname "$0")/.."
export PATH="$PWD/node_modules/.bin:$PATH"
mkdir -p build

case $(uname -m) in
  x86_64) arch=x86 ;;
  aarch64) arch=arm64 ;;
  *) echo "dropreason builds on x86_64 and aarch64, not on $(uname -m)" >&2; exit 1 ;;
esac

# outdated TARGET SOURCE…: true if a source is newer than the target, or if the target does not exist.
outdated() {
  target=$1; shift
  [ ! -e "$target" ] || [ -n "$(find "$@" -newer "$target" -print -quit)" ]
}

# Debian has asm/types.h in a directory of the architecture. clang does not search it when it compiles for another target.
if outdated build/dropreason.bpf.o bpf scripts/build.sh; then
  clang -g -O2 -Wall -Wextra -Werror -Wno-unused-parameter -target bpf -mcpu=v3 -D__TARGET_ARCH_$arch \
    -I"/usr/include/$(uname -m)-linux-gnu" -c bpf/dropreason.bpf.c -o build/dropreason.bpf.o.new
  llvm-strip -g build/dropreason.bpf.o.new
  mv build/dropreason.bpf.o.new build/dropreason.bpf.o
fi

if outdated build/dropreason.node native/src bpf/dropreason.h scripts/build.sh; then
  g++ -shared -fPIC -std=c++17 -O2 -Wall -Wextra -Werror -Wno-unused-parameter -fvisibility=hidden \
    -DNAPI_VERSION=8 -DNODE_GYP_MODULE_NAME=dropreason -DNAPI_CPP_EXCEPTIONS \
    -isystem node_modules/node-api-headers/include -isystem node_modules/node-addon-api \
    native/src/*.cc -lbpf -o build/dropreason.node.new
  mv build/dropreason.node.new build/dropreason.node
fi

if outdated dist/main.js src tsconfig.json package.json package-lock.json scripts/build.sh scripts/bundle.ts scripts/builtins.ts scripts/notices.ts; then
  node scripts/bundle.ts build/dist.new
  rm -rf dist
  mv build/dist.new dist
fi
