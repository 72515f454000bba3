#!/bin/sh
# Creates the initramfs of a guest: `initramfs.sh IMAGE OUTPUT`. IMAGE is a linux-image package unpacked by fetch_kernels.sh.
# It contains busybox, init and the modules required to reach the host's root, in the order of their dependencies.
set -eu

image=$1
output=$2
here=$(dirname "$(realpath "$0")")
version=$(basename "$image"/lib/modules/*)
root=$(mktemp -d)
trap 'rm -rf "$root"' EXIT

mkdir "$root/bin" "$root/modules" "$root/proc" "$root/sys" "$root/dev"
cp "$(command -v busybox)" "$root/bin/busybox"
for applet in sh mount mkdir insmod switch_root; do ln -s busybox "$root/bin/$applet"; done
cp "$here/init" "$root/init"
chmod 755 "$root/init"

number=100
for module in virtio_pci 9pnet_virtio 9p overlay; do
  modprobe -d "$image" -S "$version" --show-depends "$module"
done | awk '$1 == "insmod" && !seen[$2]++ { print $2 }' | while read -r file; do
  number=$((number + 1))
  case $file in
    *.xz) xz -dc "$file" >"$root/modules/$number.ko" ;;
    *) cp "$file" "$root/modules/$number.ko" ;;
  esac
done

(cd "$root" && find . | cpio --quiet -o -H newc) | gzip -1 >"$output"
