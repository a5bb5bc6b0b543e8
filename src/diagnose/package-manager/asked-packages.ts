/** Which kernel packages a package manager was asked for in vain, whatever its program and language. Pure. */
import { type Pattern, text } from '../rule.ts';
import { NOT_FOUND } from './translations.ts';
import { patternsOf } from './templates.ts';

export type AskedRole = 'build-tree' | 'debuginfo' | 'image' | 'program-headers' | 'systemtap' | 'other';

export interface AskedPackage {
  readonly name: string;
  readonly role: AskedRole;
  /** The name without its version: kernel-devel, linux-headers. */
  readonly stem: string;
}

/** A name, perhaps with the version that it must have. */
const WORD = String.raw`["'\`\[]*([a-z0-9][\w.+~:*=-]{2,160}?)(?: ?[=<>]{1,2} \S{1,80}?)?["'\`\]]*`;
/** A package of the kernel itself that zypper or dnf would install. */
const OF_KERNEL = String.raw`(?:the to be installed )?(?:kernel|linux)-(?=[a-z\d])`;
const end = String.raw`(?=[.,;:)]?(?:\s|\\|$))`;

/** How each program says in English that it has no such package; the group is the name. */
const NOT_FOUND_ENGLISH: readonly Pattern[] = [
  // yum, dnf, microdnf, tdnf
  text('No package ', new RegExp(`No package ${WORD} (?:is )?available`)),
  text('No match for argument', new RegExp(`No match for argument:? ${WORD}${end}`)),
  text('Unable to find a match', new RegExp(`Unable to find a match:? ${WORD}${end}`)),
  text('No package matches', new RegExp(`No package matches ${WORD}${end}`)),
  text('package not found or not installed', new RegExp(`${WORD} package not found or not installed`)),
  text('No matching package to install', new RegExp(`No matching package to install: ${WORD}${end}`)),
  // What another package of the kernel needs was not asked for.
  text('nothing provides', new RegExp(`nothing provides (?!.{1,160} needed by ${OF_KERNEL})${WORD}${end}`)),
  // apt, dpkg
  text('Unable to locate package', new RegExp(`Unable to locate package ${WORD}${end}`)),
  text("Couldn't find any package by", new RegExp(`Couldn't find any package by (?:glob|regex) ${WORD}${end}`)),
  text("Couldn't find package", new RegExp(`Couldn't find package ${WORD}${end}`)),
  text('has no installation candidate', new RegExp(`Package ${WORD} has no installation candidate`)),
  text('was not found', new RegExp(`Version ["'][^"']{1,80}["'] for ${WORD} was not found`)),
  text('is not available', new RegExp(`(?:^|Package |[\\s"'])${WORD} is not available`)),
  text('does not exist', new RegExp(`(?:^|[\\s"'])${WORD} does not exist`)),
  // zypper
  text('No provider of', new RegExp(`No provider of ${WORD} found`)),
  text('not found in package names', new RegExp(`${WORD} not found in package names`)),
  text(' not found.', new RegExp(`Package ${WORD} not found\\.`)),
  // Ansible, Puppet, Chef, Salt
  text('No package matching', new RegExp(`No package matching ${WORD} (?:is |found )?available`)),
  text('No candidate version available for', new RegExp(`No candidate version available for ${WORD}${end}`)),
  text('Error: Nothing to do', new RegExp(`install ${WORD}["'\`]? returned \\d{1,3}: Error: Nothing to do`)),
  text('failed to install/update', new RegExp(`failed to install/update: ${WORD}${end}`)),
  text('Could not find package', new RegExp(`Could not find package ${WORD}${end}`)),
  // pacman, apk, emerge, xbps
  text('target not found', new RegExp(`target not found: ${WORD}${end}`)),
  text('(no such package)', new RegExp(`${WORD} \\(no such package\\)`)),
  text('not found in repository pool', new RegExp(`Package ${WORD} not found in repository pool`)),
];

/** The same in every language that has it in its catalogue. */
export const NOT_FOUND_PATTERNS: readonly Pattern[] = [...NOT_FOUND_ENGLISH, ...patternsOf(NOT_FOUND)];

/** Whether a line is a package manager's answer about a package of the kernel. */
export function isNotFoundAnswer(line: string): boolean {
  return NOT_FOUND_PATTERNS.some(({ regex }) =>
    regex
      ?.exec(line)
      ?.slice(1)
      .some((name: string | undefined) => name !== undefined && readAsked(name) !== null),
  );
}

/** Words that stand for the headers of programs: they describe system calls, not the kernel that runs. */
const PROGRAM_HEADERS =
  /^(?:linux-libc-dev|linux-api-headers|linux-glibc-devel|glibc-kernheaders|kernel(?:\d\.\d{1,3})?(?:-[a-z]\w*)*-headers)(?:-\d|$|[.=:*])/;
const DEBUGINFO = /(?:debuginfo|debugsource|-dbgsym|-dbg)(?:\b|$)/;
const BUILD_TREE =
  /^(?:(?:vz)?kernel(?:\d\.\d{1,3})?(?:-[a-z0-9]+)*-devel|linux\d[\d.]{0,6}-headers|linux-headers|linux-kbuild|(?:pve|proxmox)-headers|kernel-(?:source|syms)|linux-(?:[a-z]\w{0,20}-)?(?:devel|headers|dev)|raspberrypi-kernel-headers)(?:[-.=:*\d]|$)/;
const IMAGE =
  /^(?:(?:vz)?kernel(?:\d\.\d{1,3})?(?:-(?:core|modules|default|uek|lt|ml|rt))*|linux-(?:image|modules)|(?:pve|proxmox)-kernel)(?:[-.=:*]\d|-unsigned|$)/;

/** What kind of package a name is of; null for what has nothing to do with the kernel. */
export function readAsked(name: string): AskedPackage | null {
  // A file that is not there says nothing about what repositories have.
  if (/\.(?:rpm|d?deb)$/.test(name)) return null;
  const role = roleOf(name);
  return role === null ? null : { name, role, stem: stemOf(name) };
}

function roleOf(name: string): AskedRole | null {
  if (PROGRAM_HEADERS.test(name)) return 'program-headers';
  if (DEBUGINFO.test(name) && /^(?:(?:vz)?kernel|linux|pve|proxmox)/.test(name)) return 'debuginfo';
  if (BUILD_TREE.test(name)) return 'build-tree';
  if (IMAGE.test(name)) return 'image';
  if (name.startsWith('systemtap')) return 'systemtap';
  return /^(?:kernel|linux)-(?:headers|image|modules|tools|devel)/.test(name) ? 'other' : null;
}

/** kernel-uek-devel-4.1.12-1.el7uek.x86_64, kernel-devel.x86_64, linux-headers-6.1.0-18-amd64=6.1.76-1. */
export function stemOf(name: string): string {
  // 64k and 16k name a size of pages, not a version.
  const withoutVersion = name.replace(/[=:*].*$/, '').replace(/-\d(?!\dk(?:-|$)).*$/, '');
  // What a package provides for a release is found under the same name.
  return withoutVersion
    .replace(/-uname-r$/, '')
    .replace(/\.(?:x86_64|i[3-6]86|aarch64|ppc64le|ppc64|s390x|noarch|amd64|arm64)$/, '');
}
