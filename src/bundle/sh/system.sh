# shellcheck shell=sh
# shellcheck disable=SC2034,SC2154 # variables are shared with the script that reads this file
# Whether the installed system is the one that the bundle was made for.

# check_system: the distribution and its release, as the system's own files name them.
check_system() {
  id=
  version_id=
  for file in /etc/os-release /usr/lib/os-release; do
    [ -r "$file" ] || continue
    while IFS= read -r row || [ -n "$row" ]; do
      case $row in
        ID=*) unquote "${row#ID=}" && id=$unquoted ;;
        VERSION_ID=*) unquote "${row#VERSION_ID=}" && version_id=$unquoted ;;
      esac
    done <"$file"
    break
  done
  [ -n "$id" ] || old_system
  if [ -z "$id" ]; then
    wrong_target "it was made for $distro, and neither os-release nor a release file tells what this system is"
    return 0
  fi
  # Every member of the SUSE family has had several names.
  case $id:$distro in
    "$distro:$id" | sles*:sles* | opensuse*:opensuse* | suse*:*suse* | *suse*:suse*) ;;
    *) wrong_target "it was made for $distro, and this system is $id" ;;
  esac
  if [ -n "$version" ] && [ -n "$version_id" ]; then
    case $version_id. in
      "$version".*) return 0 ;;
    esac
    case $version. in
      "$version_id".*) return 0 ;;
    esac
    wrong_target "it was made for $distro $version, and this system is $id $version_id"
  fi
}

unquote() {
  unquoted=$1
  case $unquoted in
    \"*\") unquoted=${unquoted#?} && unquoted=${unquoted%?} ;;
    \'*\') unquoted=${unquoted#?} && unquoted=${unquoted%?} ;;
  esac
}

# Systems from before os-release: "CentOS release 6.10 (Final)", "Red Hat Enterprise Linux Server release 5.11 (Tikanga)".
old_system() {
  for file in /etc/oracle-release /etc/centos-release /etc/redhat-release /etc/system-release /etc/SuSE-release; do
    [ -r "$file" ] || continue
    IFS= read -r row <"$file" || [ -n "$row" ] || continue
    case $row in
      CentOS*) id=centos ;;
      'Red Hat'*) id=rhel ;;
      Scientific*) id=scientific ;;
      Oracle* | 'Enterprise Linux Enterprise'*) id=ol ;;
      Fedora*) id=fedora ;;
      Amazon*) id=amzn ;;
      SUSE*) id=sles ;;
      openSUSE*) id=opensuse ;;
      *) continue ;;
    esac
    for word in $row; do
      case $word in
        [0-9]*)
          version_id=$word
          break
          ;;
      esac
    done
    return 0
  done
  if [ -r /etc/debian_version ]; then
    id=debian
    IFS= read -r version_id </etc/debian_version || :
  fi
}

check_target() {
  check_machine
  case $family in
    deb) have dpkg || wrong_target 'it holds packages for dpkg, which is not installed here' ;;
    rpm) have rpm || wrong_target 'it holds packages for rpm, which is not installed here' ;;
    *) fail BAD_BUNDLE "bundle.txt names the package family $family, which this script does not know" ;;
  esac
  check_system
  if [ -z "$not_running" ]; then
    if [ "$(uname -r)" != "$release" ] && [ -d "/lib/modules/$release" ]; then
      say "kernel $release is installed here but does not run; --not-running installs for it all the same"
    fi
    check_kernel
  fi
}
