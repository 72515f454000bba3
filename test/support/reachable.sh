#!/bin/sh
# reachable.sh COMMAND…: runs a command, as root, where every user can enter this clone under its own path. Root's home is closed to
# others on Debian: there the command runs in a mount namespace of its own, in which the closed directory holds the clone alone.
set -eu
root=$(cd "$(dirname "$0")/../.." && pwd -P)

# The outermost directory on the way that others can't enter.
closed=
path=$root
while [ "$path" != / ]; do
  path=$(dirname "$path")
  case $(stat -c %A "$path") in *[xt]) ;; *) closed=$path ;; esac
done
[ -n "$closed" ] || exec "$@"

export root closed
exec unshare --mount --propagation private sh -euc '
  mount --rbind "$root" /mnt
  mount -t tmpfs -o mode=755 none "$closed"
  mkdir -p "$root"
  mount --rbind /mnt "$root"
  umount --lazy /mnt
  cd "$root"
  unset root closed
  exec "$@"' sh "$@"
