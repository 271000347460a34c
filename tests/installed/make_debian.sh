#!/bin/sh
# A small Debian in $1/root, for the tests to boot: `make debian-root`. Its apt has the lists and, in its cache, the
# packages that docs/install.md has a person install, so that it installs them where it has no network.
set -e
packages='git make python3-venv pipx mosquitto mosquitto-clients ufw'
like_a_raspberry='systemd-sysv,dbus,python3,sudo'

# With what they recommend, as a person's apt would.
fetch="APT_CONFIG=\"\$MMDEBSTRAP_APT_CONFIG\" apt-get -qq --yes --download-only \
	-o APT::Install-Recommends=true install $packages >/dev/null"

rm -rf "$1"
mkdir "$1"
mmdebstrap --quiet --variant=minbase --include="$like_a_raspberry" --skip=cleanup/apt \
	--customize-hook="$fetch" bookworm "$1/root.tar"
mkdir "$1/root"
tar -xf "$1/root.tar" -C "$1/root"
rm "$1/root.tar"
