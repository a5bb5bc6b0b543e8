#!/bin/sh
# Links a built lab kernel again under a release of EL 9 and packs it as EL 9 does, unsigned:
# make-el9-kernel.sh KERNEL_DIR OUTPUT_DIR RELEASE, where RELEASE is as 427.13.1.el9_4. OUTPUT_DIR gets rpms/ and release.
# Takes a minute on two cores; does nothing when OUTPUT_DIR/done names the same kernel and release.
set -eu

here=$(cd "$(dirname "$0")" && pwd)
kernel=$1
output=$2

key="$(cat "$kernel/done")-$3-$(cat "$here/kernel.spec" "$0" | sha256sum | cut -c1-16)"
[ "$(cat "$output/done" 2>/dev/null || :)" = "$key" ] && exit 0
rm -rf "$output"
mkdir -p "$output/rpms"

cat >"$output/link.sh" <<END
set -eu
scripts/config --set-str LOCALVERSION "-$3.x86_64"
make -s olddefconfig
export KBUILD_BUILD_TIMESTAMP="Tue Nov  3 10:00:00 UTC 2026" KBUILD_BUILD_HOST=build.lab.example KBUILD_BUILD_USER=mockbuild
nice make -s -j"$(nproc)" bzImage vmlinux modules
make -s kernelrelease >"$output/release"
rpmbuild -bb --quiet --target x86_64 --define "el9 1" \
  --define "_topdir $output/rpmbuild" --define "_rpmdir $output/rpms" --define '_rpmfilename %%{NAME}-%%{VERSION}-%%{RELEASE}.%%{ARCH}.rpm' \
  --define "_buildhost build.lab.example" --define "use_source_date_epoch_as_buildtime 0" \
  --define "tree $kernel/tree" --define "kversion \$(make -s kernelversion)" --define "krelease $3" "$here/kernel.spec"
END
sh "$here/vary-kernel.sh" "$kernel/tree" "$output/varied" "sh $output/link.sh"
rm -rf "$output/varied" "$output/rpmbuild" "$output/link.sh"
printf '%s\n' "$key" >"$output/done"
