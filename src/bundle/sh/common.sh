# shellcheck shell=sh
# shellcheck disable=SC2034,SC2154 # variables are shared with the script that reads this file
# What install.sh and run.sh have in common; read by them with ".", never run. POSIX sh as of bash 3.2, dash and
# busybox: no "local", no arrays. They have already changed into the bundle's directory.

say() { printf '%s: %s\n' "$program" "$1" >&2; }

# fail CODE SENTENCE [HINT]: ends with an exit code of tapprep's own table.
fail() {
  say "$2"
  [ -z "${3:-}" ] || printf '  try: %s\n' "$3" >&2
  exit "$1"
}

have() { command -v "$1" >/dev/null 2>&1; }

# require_tools NAME...: every program that is needed, before anything is done.
require_tools() {
  missing=
  for tool in "$@"; do have "$tool" || missing="$missing $tool"; done
  [ -z "$missing" ] || fail 6 "needed and not found in PATH:$missing (PATH is $PATH)"
}

# The SHA-256 of standard input by one of the programs that can tell it; whatever else they print is cut off.
hash_by() {
  case $1 in
    sha256sum) sum=$(sha256sum) ;;
    busybox) sum=$(busybox sha256sum) ;;
    shasum) sum=$(shasum -a 256) ;;
    openssl) sum=$(openssl dgst -sha256) ;;
    perl) sum=$(perl -MDigest::SHA -e 'print Digest::SHA->new(256)->addfile(*STDIN)->hexdigest') ;;
    python3 | python) sum=$("$1" -c 'import hashlib,sys
f=getattr(sys.stdin,"buffer",sys.stdin)
h=hashlib.sha256()
b=f.read(1048576)
while b:
  h.update(b)
  b=f.read(1048576)
print(h.hexdigest())') ;;
    *) return 1 ;;
  esac 2>/dev/null
  # coreutils print "HEX  -", openssl "(stdin)= HEX"
  sum=${sum##*= }
  sum=${sum%% *}
}

# The first program that gives the known digest of "abc": one that is there but broken is passed over.
find_hasher() {
  for hasher in sha256sum busybox shasum openssl perl python3 python; do
    have "$hasher" || continue
    sum=
    hash_by "$hasher" <<EOF
abc
EOF
    [ "$sum" != edeaaff3f1774ad2888673770c6d64097e391bc362d7d6fb34982ddf0efd18cb ] || return 0
  done
  hasher=
  fail 6 'no program was found that computes SHA-256; looked for sha256sum, busybox, shasum, openssl, perl (Digest::SHA) and python (hashlib)'
}

# check_sums: every file that SHA256SUMS names is there and has its digest, and SHA256SUMS names all that it has to.
# With $without_packages, packages and evidence may have been taken away, as nothing is installed from them.
check_sums() {
  [ -f SHA256SUMS ] || fail 4 'SHA256SUMS is missing: the bundle is not complete'
  find_hasher
  count=0
  listed=$newline
  while IFS= read -r row || [ -n "$row" ]; do
    wanted=${row%% *}
    file=${row#*  }
    case $wanted in
      *[!0-9a-f]*) fail 4 "SHA256SUMS is damaged at line $((count + 1))" ;;
    esac
    case /$file/ in
      */../* | */./* | *//* | *[!A-Za-z0-9._+~^%:@/-]*) fail 4 "SHA256SUMS is damaged at line $((count + 1))" ;;
    esac
    if [ "${#wanted}" -ne 64 ] || [ "$wanted  $file" != "$row" ]; then
      fail 4 "SHA256SUMS is damaged at line $((count + 1))"
    fi
    if [ ! -e "./$file" ] && [ -n "${without_packages:-}" ]; then
      case $file in
        packages/* | evidence/*)
          count=$((count + 1))
          continue
          ;;
      esac
    fi
    if [ ! -f "./$file" ] || [ -L "./$file" ]; then
      fail 4 "$file is missing: the bundle is not complete" 'unpack the bundle again'
    fi
    sum=
    hash_by "$hasher" <"./$file"
    if [ "$sum" != "$wanted" ]; then
      fail 4 "$file has the sha256 $sum, the bundle was made with $wanted" 'copy and unpack the bundle again'
    fi
    count=$((count + 1))
    listed=$listed$file$newline
  done <SHA256SUMS
  for file in manifest.json bundle.txt "$program" $parts; do is_listed "$file"; done
  read_text sums
  if [ "$count" != "$value" ]; then
    fail 4 "SHA256SUMS names $count files, but the bundle was made with ${value:-another number}"
  fi
}

# is_listed FILE: it was among those that were checked.
is_listed() {
  case $listed in
    *"$newline$1$newline"*) ;;
    *) fail 4 "$1 is not in SHA256SUMS, so nothing vouches for it" ;;
  esac
}

# check_signature KEYRING: SHA256SUMS, and with it everything, is signed by a key of that file.
check_signature() {
  [ -f SHA256SUMS.asc ] || fail 4 'a keyring was given, but the bundle is not signed: SHA256SUMS.asc is missing'
  [ -f "$1" ] || fail 2 "the keyring $1 does not exist"
  have gpgv || fail 6 'a keyring was given, but gpgv, which checks signatures, is not installed here'
  ring=$1
  IFS= read -r first <"$1" 2>/dev/null || first=${first:-}
  case $first in
    -----BEGIN*)
      have gpg || fail 6 "the keyring $1 is armored, which gpgv cannot read, and gpg is not installed here" \
        "gpg --dearmor <KEYRING >keyring.gpg, on another machine"
      make_private
      ring=$private/keyring.gpg
      gpg --batch --homedir "$private" --dearmor <"$1" >"$ring" 2>/dev/null || fail 4 "the keyring $1 holds no keys"
      ;;
  esac
  words=$(gpgv --keyring "$ring" SHA256SUMS.asc SHA256SUMS 2>&1) && return 0
  fail 4 "SHA256SUMS is not signed by a key of $1: $(printf '%s' "$words" | tr '\n' ' ')"
}

# make_private: sets $private to a directory of this run alone, taken away when it ends.
private=
make_private() {
  [ -z "$private" ] || return 0
  for base in "${TMPDIR:-/var/tmp}" /var/tmp /tmp /run /dev/shm; do
    case $base in
      /*) ;;
      *) continue ;;
    esac
    # mkdir fails where anything has that name, a link included.
    try=0
    while [ "$try" -lt 20 ]; do
      if (umask 077 && mkdir "$base/tapprep-$$-$try") 2>/dev/null; then
        private=$base/tapprep-$$-$try
        return 0
      fi
      try=$((try + 1))
    done
  done
  fail 5 'no directory for temporary files can be written: looked at TMPDIR, /var/tmp, /tmp, /run and /dev/shm'
}

# read_text KEY: sets $value to what bundle.txt says of a key that it has once; empty where it has none.
read_text() {
  value=
  while IFS= read -r row || [ -n "$row" ]; do
    case $row in
      "$1 "*)
        value=${row#* }
        return 0
        ;;
    esac
  done <bundle.txt
}

read_target() {
  [ -f bundle.txt ] || fail 4 'bundle.txt is missing: the bundle is not complete' 'unpack the bundle again'
  read_text tapprep-bundle
  [ "$value" = 1 ] || fail 4 "bundle.txt is of form ${value:-unknown}, and this script reads form 1"
  read_text kind && kind=$value
  read_text family && family=$value
  read_text distro && distro=$value
  read_text version && version=$value
  read_text release && release=$value
  read_text arch && arch=$value
  read_text package-arch && package_arch=$value
  read_text uname-v && uname_v=$value
  read_text build-id && build_id=$value
  read_text kernel-version && kernel_version=$value
  read_text made-by && made_by=$value
  case $release$arch in
    *[!A-Za-z0-9._+~^:@-]* | '') fail 4 'bundle.txt names no kernel' ;;
  esac
}
