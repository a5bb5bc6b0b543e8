#!/bin/sh
# Installs the Debian packages that the tests use as oracles and servers, if any is missing: nothing is skipped.
# Prints what it does; needs root only when something is missing. "need-tools.sh labs" brings what the labs need beyond that.
set -eu

packages='
ansible-core
binutils
busybox-static
bzip2
cpio
createrepo-c
dash
debian-archive-keyring
debuginfod
dnf
e2fsprogs
faketime
fish
gcc
gnupg
gpgv
libc6-dev
libengine-pkcs11-openssl
linux-kbuild-6.1
man-db
mandoc
mmdebstrap
nginx-light
openssh-server
openssl
qemu-system-x86
rpm
shellcheck
softhsm2
sudo
tcsh
time
xz-utils
zsh
zstd
zypper
'
# Firmware and its keys, other architectures, a browser. On Debian 12 python3-virt-firmware is in bookworm-backports.
labs='
chromium
dosfstools
fonts-dejavu-core
gcc-aarch64-linux-gnu
imagemagick
mtools
ovmf
poppler-utils
python3-virt-firmware
qemu-efi-aarch64
qemu-system-arm
qemu-system-misc
qemu-system-ppc
sbsigntool
shim-signed
systemd-boot-efi
'
[ "${1:-}" != labs ] || packages="$packages $labs"

# dnf's plugins cannot be installed beside zypper on Debian; the one that downloads is only unpacked.
plugins=/var/cache/tapprep-tests/dnf-plugins-core
if [ ! -e "$plugins" ] && [ "$(id -u)" -eq 0 ]; then
  echo 'need-tools: unpacking dnf-plugins-core'
  work=$(mktemp -d)
  (cd "$work" && { apt-get download -q dnf-plugins-core || { apt-get update -q && apt-get download -q dnf-plugins-core; }; })
  mkdir -p "${plugins%/*}"
  dpkg-deb -x "$work"/*.deb "$work/unpacked"
  mv "$work/unpacked" "$plugins"
  rm -rf "$work"
fi

missing=
for package in $packages; do
  # dpkg-query fails for a package it has never heard of: that is "missing" too.
  case $(dpkg-query -W -f '${Status}' "$package" 2>/dev/null || :) in
    'install ok installed') ;;
    *) missing="$missing $package" ;;
  esac
done
[ -n "$missing" ] || exit 0
echo "need-tools: installing$missing"
if [ "$(id -u)" -ne 0 ]; then
  echo "need-tools: run as root: apt-get install$missing" >&2
  exit 6
fi
apt-get update -q
# shellcheck disable=SC2086 # a list of words on purpose
DEBIAN_FRONTEND=noninteractive apt-get install -q -y --no-install-recommends $missing
