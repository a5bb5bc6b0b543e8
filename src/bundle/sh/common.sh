# shellcheck shell=sh
# shellcheck disable=SC2034,SC2154 # variables are shared with the script that reads this file
# What install.sh and run.sh have in common; read by them with ".", never run. POSIX sh as of bash 3.2, dash and
# busybox: no "local", no arrays. They have already changed into the bundle's directory.

have() { command -v "$1" >/dev/null 2>&1; }

# require_tools NAME...: every program that is needed, before anything is done.
require_tools() {
  missing=
  for tool in "$@"; do have "$tool" || missing="$missing $tool"; done
  [ -z "$missing" ] || fail TOOL_MISSING "needed and not found in PATH:$missing (PATH is $PATH)"
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
  fail TOOL_MISSING 'no program was found that computes SHA-256; looked for sha256sum, busybox, shasum, openssl, perl (Digest::SHA) and python (hashlib)'
}

# check_sums: every file that SHA256SUMS names is there and has its digest, and SHA256SUMS names all that it has to.
# With $without_packages, packages and evidence may have been taken away, as nothing is installed from them.
check_sums() {
  [ -f SHA256SUMS ] || fail BAD_BUNDLE 'SHA256SUMS is missing: the bundle is not complete'
  find_hasher
  count=0
  listed=$newline
  while IFS= read -r row || [ -n "$row" ]; do
    wanted=${row%% *}
    file=${row#*  }
    case $wanted in
      *[!0-9a-f]*) fail BAD_BUNDLE "SHA256SUMS is damaged at line $((count + 1))" ;;
    esac
    case /$file/ in
      */../* | */./* | *//* | *[!A-Za-z0-9._+~^%:@/-]*) fail BAD_BUNDLE "SHA256SUMS is damaged at line $((count + 1))" ;;
    esac
    if [ "${#wanted}" -ne 64 ] || [ "$wanted  $file" != "$row" ]; then
      fail BAD_BUNDLE "SHA256SUMS is damaged at line $((count + 1))"
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
      fail BAD_BUNDLE "$file is missing: the bundle is not complete" 'unpack the bundle again'
    fi
    sum=
    hash_by "$hasher" <"./$file"
    if [ "$sum" != "$wanted" ]; then
      fail DIGEST_MISMATCH "$file has the sha256 $sum, the bundle was made with $wanted" 'copy and unpack the bundle again'
    fi
    count=$((count + 1))
    listed=$listed$file$newline
  done <SHA256SUMS
  for file in manifest.json bundle.txt "$program" $parts; do is_listed "$file"; done
  read_text sums
  if [ "$count" != "$value" ]; then
    fail BAD_BUNDLE "SHA256SUMS names $count files, but the bundle was made with ${value:-another number}"
  fi
}

# is_listed FILE: it was among those that were checked.
is_listed() {
  case $listed in
    *"$newline$1$newline"*) ;;
    *) fail BAD_BUNDLE "$1 is not in SHA256SUMS, so nothing vouches for it" ;;
  esac
}

# check_signature KEYRING: SHA256SUMS, and with it everything, is signed by a key of that file.
check_signature() {
  [ -f SHA256SUMS.asc ] || fail UNSIGNED 'a keyring was given, but the bundle is not signed: SHA256SUMS.asc is missing'
  [ -f "$1" ] || fail USAGE "the keyring $1 does not exist"
  have gpgv || fail TOOL_MISSING 'a keyring was given, but gpgv, which checks signatures, is not installed here'
  ring=$1
  IFS= read -r first <"$1" 2>/dev/null || first=${first:-}
  case $first in
    -----BEGIN*)
      have gpg || fail TOOL_MISSING "the keyring $1 is armored, which gpgv cannot read, and gpg is not installed here" \
        "gpg --dearmor <KEYRING >keyring.gpg, on another machine"
      make_private
      ring=$private/keyring.gpg
      gpg --batch --homedir "$private" --dearmor <"$1" >"$ring" 2>/dev/null || fail UNKNOWN_KEY "the keyring $1 holds no keys"
      ;;
  esac
  # Its exit status is 0 for a revoked or expired key and for every algorithm: only its status lines tell.
  words=$(gpgv --status-fd 1 --ignore-time-conflict --keyring "$ring" SHA256SUMS.asc SHA256SUMS 2>/dev/null)
  judge_signatures
  [ -z "$private" ] || rm -rf "$private"
  private=
  [ -n "$accepted" ] || fail BAD_SIGNATURE "SHA256SUMS is not signed by a key of $1: $refused"
}

# judge_signatures: sets $accepted where a signature of $words is good and none is bad, else $refused. The same policy as
# tapprep's own (src/trust/signature-verdict.ts), with nothing allowed; what cannot be judged here is refused.
judge_signatures() {
  accepted=
  refused='gpgv saw no signature'
  good=
  while IFS= read -r row; do
    case $row in
      '[GNUPG:] '*) ;;
      *) continue ;;
    esac
    # shellcheck disable=SC2086 # words on purpose, and -f is set
    set -- ${row#* }
    case $1 in
      GOODSIG) good=yes ;;
      VALIDSIG)
        if [ -n "$good" ]; then weigh_signature "$@"; fi
        good=
        ;;
      BADSIG)
        accepted=
        refused="the signature by key $2 does not fit it"
        return 0
        ;;
      REVKEYSIG) good= && refused="key $2 was revoked by its owner" ;;
      EXPKEYSIG) good= && refused="key $2 has expired" ;;
      EXPSIG) good= && refused="the signature by key $2 has expired" ;;
      ERRSIG) good= && refused="key $2 is not among them, or of a kind that gpgv here cannot check" ;;
    esac
  done <<EOF
$words
EOF
}

# weigh_signature VALIDSIG FINGERPRINT DATE TIME END VERSION - KEY-ALGORITHM DIGEST CLASS …: accepts it, or says why not.
weigh_signature() {
  case $6 in
    4 | 5 | 6) ;;
    *) refused="the signature by key $2 is of version $6, which is weak" && return 0 ;;
  esac
  case $9 in
    8 | 9 | 10 | 11) ;;
    *) refused="the signature by key $2 is over a weak digest (number $9 of OpenPGP; 1 is MD5, 2 is SHA-1)" && return 0 ;;
  esac
  case ${10} in
    00 | 01) ;;
    *) refused="the signature by key $2 is of class ${10}, which signs no document" && return 0 ;;
  esac
  case $8 in
    19 | 22 | 27 | 28) accepted=yes ;;
    1 | 3) if is_long_rsa "$2"; then accepted=yes; fi ;;
    *) refused="key $2 is of a weak kind (number $8 of OpenPGP; 17 is DSA)" ;;
  esac
}

# is_long_rsa FINGERPRINT: the RSA key has 2048 bits or more. gpgv does not tell, so the packets of $ring are walked: where
# none of its keys is short this one is not; where one is, gpg has to tell which, and without gpg it is refused.
is_long_rsa() {
  if ! have od || ! have awk; then
    refused='od and awk, which read the length of RSA keys, are not installed here' && return 1
  fi
  # RFC 9580 sections 4.2 and 5.5
  shortest=$(od -An -v -tx1 "$ring" | awk '
    BEGIN { for (i = 0; i < 256; i++) number[sprintf("%02x", i)] = i }
    { for (i = 1; i <= NF; i++) byte[count++] = number[$i] }
    END {
      shortest = 65536
      for (at = 0; at + 2 <= count; at = from + size) {
        head = byte[at]
        size = -1
        if (head >= 192) {
          tag = head - 192
          first = byte[at + 1]
          if (first < 192) { from = at + 2; size = first }
          else if (first < 224) { from = at + 3; size = (first - 192) * 256 + byte[at + 2] + 192 }
          else if (first == 255) { from = at + 6; size = 0; for (i = at + 2; i < from; i++) size = size * 256 + byte[i] }
        } else if (head >= 128 && head % 4 < 3) {
          tag = int((head - 128) / 4)
          from = at + 2 + (head % 4 == 0 ? 0 : head % 4 == 1 ? 1 : 3)
          size = 0
          for (i = at + 1; i < from; i++) size = size * 256 + byte[i]
        }
        if (size < 0 || from + size > count) { shortest = 0; break }
        if (tag != 6 && tag != 14) continue
        material = from + (byte[from] == 4 ? 5 : 7)
        if (byte[material] < 1 || byte[material] > 3) continue
        bits = byte[material + 1] * 256 + byte[material + 2]
        if (bits < shortest) shortest = bits
      }
      print shortest
    }')
  case $shortest in
    '' | *[!0-9]*) shortest=0 ;;
  esac
  [ "$shortest" -lt 2048 ] || return 0
  refused="a key of it is RSA of $shortest bits, and at least 2048 are asked for"
  have gpg || return 1
  make_private
  cat "$ring" >"$private/listed.gpg"
  while IFS=: read -r kind _ bits _ id _; do
    case $kind in
      pub | sub) ;;
      *) continue ;;
    esac
    case $1 in
      *"$id") [ "$bits" -lt 2048 ] || return 0 ;;
    esac
  done <<EOF
$(gpg --batch --homedir "$private" --no-default-keyring --keyring "$private/listed.gpg" --with-colons --list-keys 2>/dev/null)
EOF
  return 1
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
        # By this "tapprep remove" knows it; whole under its name, or there under one that counts as none.
        printf '{"schema": "tapprep-directory/1"}\n' >"$private/..tapprep.tapprep-new" &&
          mv -f "$private/..tapprep.tapprep-new" "$private/.tapprep" && return 0
        rm -rf "$private"
        private=
      fi
      try=$((try + 1))
    done
  done
  fail NO_SPACE 'no directory for temporary files can be written: looked at TMPDIR, /var/tmp, /tmp, /run and /dev/shm'
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
  [ -f bundle.txt ] || fail BAD_BUNDLE 'bundle.txt is missing: the bundle is not complete' 'unpack the bundle again'
  read_text tapprep-bundle
  [ "$value" = 1 ] || fail BAD_BUNDLE "bundle.txt is of form ${value:-unknown}, and this script reads form 1"
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
    *[!A-Za-z0-9._+~^:@-]* | '') fail BAD_BUNDLE 'bundle.txt names no kernel' ;;
  esac
}
