#!/bin/sh
# Builds the lab's RPM kernel from Debian's linux-source-6.1: build-kernel.sh OUTPUT_DIR [UTS_VERSION_SUFFIX]
# Takes 6 to 9 minutes on two cores; does nothing when OUTPUT_DIR/done names the same source and configuration.
# With a suffix the same release gets another build time stamp: another vendor's rebuild of the same version.
set -eu

here=$(cd "$(dirname "$0")" && pwd)
output=$1
stamp=${2:-Tue Nov  3 10:00:00 UTC 2026}

packages='linux-source-6.1 flex bison bc libelf-dev libssl-dev gcc make xz-utils'
for package in $packages; do
  case $(dpkg-query -W -f '${Status}' "$package" 2>/dev/null || :) in
    'install ok installed') ;;
    *)
      # shellcheck disable=SC2086 # a list of words on purpose
      apt-get update -q && DEBIAN_FRONTEND=noninteractive apt-get install -q -y --no-install-recommends $packages
      break
      ;;
  esac
done

key=$(dpkg-query -W -f '${Version}' linux-source-6.1)-$(sha256sum "$here/kernel.config" | cut -c1-16)-$stamp
[ "$(cat "$output/done" 2>/dev/null || :)" = "$key" ] && exit 0

rm -rf "$output"
mkdir -p "$output"
tar -xf /usr/src/linux-source-6.1.tar.xz -C "$output"
mv "$output"/linux-source-6.1 "$output/tree"
cd "$output/tree"
sed -i 's/^EXTRAVERSION.*/EXTRAVERSION =/' Makefile
export KBUILD_BUILD_TIMESTAMP="$stamp" KBUILD_BUILD_HOST=build.lab.example KBUILD_BUILD_USER=mockbuild
make -s tinyconfig
scripts/kconfig/merge_config.sh -m .config "$here/kernel.config" >/dev/null
make -s olddefconfig
nice make -s -j"$(nproc)" bzImage vmlinux modules
make -s kernelrelease >"$output/release"
printf '%s\n' "$key" >"$output/done"
