#!/bin/sh
# Packs a built lab kernel into signed RPMs and makes a repository of them: make-repository.sh KERNEL_DIR OUTPUT_DIR
# OUTPUT_DIR gets repo/ (signed packages, repodata, repomd.xml.asc), key.asc, fingerprint, release.
set -eu

here=$(cd "$(dirname "$0")" && pwd)
kernel=$1
output=$2

key="$(cat "$kernel/done")-$(cat "$here/kernel.spec" "$0" | sha256sum | cut -c1-16)"
[ "$(cat "$output/done" 2>/dev/null || :)" = "$key" ] && exit 0
rm -rf "$output"
mkdir -p "$output/repo" "$output/gnupg"
chmod 700 "$output/gnupg"
export GNUPGHOME="$output/gnupg"

release=$(cat "$kernel/release")
version=${release%%-*}
rest=${release#*-}
rpmbuild -bb --quiet --target x86_64 \
  --define "_topdir $output/rpmbuild" --define "_rpmdir $output/repo" --define '_rpmfilename %%{NAME}-%%{VERSION}-%%{RELEASE}.%%{ARCH}.rpm' \
  --define "_buildhost build.lab.example" --define "use_source_date_epoch_as_buildtime 0" \
  --define "tree $kernel/tree" --define "kversion $version" --define "krelease ${rest%.x86_64}" "$here/kernel.spec"

# A key made for this repository alone; it never leaves the lab.
gpg --batch --quiet --passphrase '' --quick-generate-key 'Lab Linux <lab@lab.example>' rsa3072 sign never
fingerprint=$(gpg --batch --with-colons --list-keys | awk -F: '/^fpr/ { print $10; exit }')
gpg --batch --armor --export "$fingerprint" >"$output/key.asc"
rpmsign --addsign --define "_gpg_name $fingerprint" --define "_gpg_path $GNUPGHOME" --define '__gpg /usr/bin/gpg' "$output"/repo/*.rpm >/dev/null
createrepo_c --quiet "$output/repo"
gpg --batch --armor --detach-sign "$output/repo/repodata/repomd.xml"
gpgconf --kill all || :
rm -rf "$output/rpmbuild"
printf '%s\n' "$fingerprint" >"$output/fingerprint"
printf '%s\n' "$release" >"$output/release"
printf '%s\n' "$key" >"$output/done"
