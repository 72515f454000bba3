#!/bin/sh
# reachable.sh COMMAND…: runs a command as root, with this clone accessible to every user under its own path. On Debian root's home is
# closed to others. Then the command runs in its own mount namespace, in which the closed directory contains only the clone.
set -eu
root=$(cd "$(dirname "$0")/../.." && pwd -P)

# The outermost directory on the path that others can't enter.
closed=
path=$root
while [ "$path" != / ]; do
  path=$(dirname "$path")
  case $(stat -c %A "$path") in *[xt]) ;; *) closed=$path ;; esac
done
[ -n "$closed" ] || exec "$@"

export root closed
# shellcheck disable=SC2016 # The inner shell expands them.
exec unshare --mount --propagation private sh -euc '
  mount --rbind "$root" /mnt
  mount -t tmpfs -o mode=755 none "$closed"
  mkdir -p "$root"
  mount --rbind /mnt "$root"
  umount --lazy /mnt
  cd "$root"
  unset root closed
  exec "$@"' sh "$@"
