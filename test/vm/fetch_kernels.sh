#!/bin/sh
# Downloads Debian's kernel images and unpacks them, without installing: `fetch_kernels.sh DIRECTORY NAME…`, names as in kernels.ts.
# Prints one line for each kernel: `NAME fetched PACKAGE`, `NAME missing WHY` (not on the mirror: a skip) or `NAME failed WHY`.
# Does not change the machine's apt sources. The required suites, on the same mirrors, are used only for this download.
set -eu

directory=$1
shift
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
mkdir -p "$directory" "$scratch/lists/partial" "$scratch/cache/archives/partial"

mirror() { # the first of the machine's mirrors whose address ends with $1
  # shellcheck disable=SC2016 # apt-get replaces it.
  apt-get indextargets --format '$(REPO_URI)' 2>/dev/null | grep -E "$1" | head -n 1
}

all_missing() {
  for name in "$@"; do echo "$name missing $why"; done
  exit 0
}

command -v apt-get >/dev/null || { why='apt-get is not available to download it'; all_missing "$@"; }
archive=$(mirror '/debian/$' || true)
security=$(mirror '/debian-security/$' || true)
[ -n "$archive$security" ] || { why="apt's sources name no Debian mirror"; all_missing "$@"; }

signed='[arch=amd64 signed-by=/usr/share/keyrings/debian-archive-keyring.gpg]'
{
  [ -z "$archive" ] || echo "deb $signed $archive bookworm main"
  [ -z "$security" ] || printf "deb $signed $security %s main\n" bookworm-security bullseye-security
} >"$scratch/sources.list"

apt() {
  program=$1
  shift
  "$program" -qq -o Dir::Etc::sourcelist="$scratch/sources.list" -o Dir::Etc::sourceparts=- -o Dir::State::lists="$scratch/lists" \
    -o Dir::Cache="$scratch/cache" -o APT::Architecture=amd64 -o APT::Architectures=amd64 -o APT::Sandbox::User= \
    -o Acquire::Languages=none -o Acquire::Retries=3 "$@"
}

updated=true
apt apt-get update >"$scratch/update.log" 2>&1 || updated=false

# These errors mean that a suite is gone. After any other error we don't know what the mirror has.
if ! $updated && grep '^E:' "$scratch/update.log" | grep -qvE '404|does not have a Release file|no longer has a Release file'; then
  for name in "$@"; do echo "$name failed $(grep -m 1 '^E:' "$scratch/update.log")"; done
  exit 0
fi

newest() { # the matching package with the highest version
  apt apt-cache search --names-only "$1" | cut -d ' ' -f 1 | grep -vE 'cloud|dbg' | sort -V | tail -n 1
}

fetch() {
  name=$1
  case $name in
    5.10) package=$(newest '^linux-image-5\.10\.[0-9-]+-amd64$') ;;
    6.1) package=$(newest '^linux-image-6\.1\.[0-9-]+-amd64$') ;;
    6.12) package=$(newest '^linux-image-6\.12\.[0-9]+\+deb12-amd64(-unsigned)?$') ;;
    6.12-rt) package=$(newest '^linux-image-6\.12\.[0-9]+\+deb12-rt-amd64(-unsigned)?$') ;;
    *) echo "$name failed unknown kernel" && return ;;
  esac
  [ -n "$package" ] || { echo "$name missing the mirror has no such linux-image"; return; }

  mkdir "$scratch/$name"
  if ! (cd "$scratch/$name" && apt apt-get download "$package") >"$scratch/download.log" 2>&1; then
    echo "$name failed $package: $(grep -m 1 '^E:' "$scratch/download.log")"
    return
  fi
  # Unpack next to the final place, then move: an interrupted run leaves no incomplete kernel.
  unpacked=$(mktemp -d "$directory/.$name.XXXXXX")
  chmod 755 "$unpacked"
  dpkg -x "$scratch/$name"/*.deb "$unpacked"
  rm -r "${scratch:?}/$name"
  modules=$(echo "$unpacked"/lib/modules/*)
  # Two thirds of the size, and useless without the hardware.
  for unused in sound drivers/gpu drivers/media drivers/infiniband drivers/scsi drivers/iio drivers/staging; do
    rm -rf "$modules/kernel/$unused"
  done
  depmod -b "$unpacked" "${modules##*/}"
  rm -rf "${directory:?}/$name"
  mv "$unpacked" "$directory/$name"
  echo "$name fetched $package"
}

for name in "$@"; do fetch "$name"; done
