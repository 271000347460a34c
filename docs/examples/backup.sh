#!/bin/sh
# Copies a gateway's data folder as it is at one moment; the gateway may run meanwhile.
#
#     sh backup.sh DATA TARGET
#
# A gateway that runs is held while its files are copied (SIGSTOP, then SIGCONT): mostly for less than a second, as
# they are read once before, and so are copied from memory. What boards say meanwhile waits in the kernel. TARGET
# is there when it is whole. As the gateway's user, or as root. See docs/updating.md of sig-gateway's source.
set -eu
data=${1:?usage: sh backup.sh DATA TARGET} target=${2:?usage: sh backup.sh DATA TARGET}
part=$target.part
umask 077

[ -d "$data" ] || { echo "$data: no such folder" >&2; exit 1; }
[ ! -e "$target" ] || { echo "$target: is there already; name another" >&2; exit 1; }

each() { # a command for each file, but for the lock, and for SQLite's -shm, which is made anew
    for file in "$data"/*; do
        case $file in *-shm) continue ;; esac
        [ -L "$file" ] || [ ! -f "$file" ] || "$@" "$file" || return 1
    done
}
copy() { cp -p "$1" "$part/"; }
look() { cat "$1" >/dev/null 2>&1 || true; }

rm -rf "$part"
mkdir -p "$part"
each look
if [ -e "$data/.lock" ]; then
    exec 9<"$data/.lock"
    if ! flock -n 9; then # a gateway has it: its process id is in the file
        pid=$(tr -cd 0-9 <"$data/.lock")
        trap 'kill -CONT "$pid"' EXIT
        trap 'exit 1' HUP INT TERM
        kill -STOP "$pid"
        while grep -qs '^State:.[^Tt]' /proc/"$pid"/task/*/status; do sleep 0.01; done
    fi
fi
each copy
if [ -n "${pid:-}" ]; then
    kill -CONT "$pid"
    trap - EXIT HUP INT TERM
fi
sync "$part"/*
mv "$part" "$target"
