/** Which distribution: os-release(5), and the files that did its work before. */
import type { HostFacts } from '../types.ts';
import { findDistribution, parentCodename } from './distributions.ts';

type Os = HostFacts['os'];

const UNKNOWN: Os = { id: null, versionId: null, codename: null, prettyName: null, idLike: [], from: null };

/** KEY=VALUE lines with the quoting of a shell, as os-release(5) and lsb-release use it. */
export function parseOsRelease(text: string): ReadonlyMap<string, string> {
  const values = new Map<string, string>();
  for (const line of text.split('\n')) {
    const at = line.indexOf('=');
    const key = line.slice(0, at).trim();
    if (at < 1 || !/^[A-Z0-9_]{1,64}$/.test(key)) continue;
    values.set(key, unquote(line.slice(at + 1).trim()));
  }
  return values;
}

function unquote(text: string): string {
  const quote = text.charAt(0);
  if (quote === "'" && text.endsWith("'") && text.length > 1) return text.slice(1, -1);
  const inner = quote === '"' && text.endsWith('"') && text.length > 1 ? text.slice(1, -1) : text;
  return inner.replaceAll(/\\(.)/g, '$1');
}

/** How the first line of an old release file begins, and whose it is. The order matters: the more special first. */
const VENDORS: readonly (readonly [RegExp, string, readonly string[]])[] = [
  [/^centos\b/i, 'centos', ['rhel', 'fedora']],
  [/^scientific linux\b/i, 'scientific', ['rhel', 'fedora']],
  [/^(oracle linux|enterprise linux enterprise linux)\b/i, 'ol', ['rhel', 'fedora']],
  [/^red hat enterprise linux\b/i, 'rhel', ['fedora']],
  [/^rocky linux\b/i, 'rocky', ['rhel', 'centos', 'fedora']],
  [/^almalinux\b/i, 'almalinux', ['rhel', 'centos', 'fedora']],
  [/^(springdale|puias) linux\b/i, 'springdale', ['rhel', 'fedora']],
  [/^cloudlinux\b/i, 'cloudlinux', ['rhel', 'fedora']],
  [/^fedora\b/i, 'fedora', []],
  [/^amazon linux\b/i, 'amzn', ['rhel', 'fedora']],
  [/^suse linux enterprise server\b/i, 'sles', ['suse']],
  [/^suse linux enterprise desktop\b/i, 'sled', ['suse']],
  [/^opensuse\b/i, 'opensuse', ['suse']],
  [/^openeuler\b/i, 'openeuler', []],
];

/** Old release files, the derived distribution's own before the ones that it keeps for compatibility. */
const RELEASE_FILES = [
  '/etc/oracle-release',
  '/etc/enterprise-release',
  '/etc/centos-release',
  '/etc/rocky-release',
  '/etc/almalinux-release',
  '/etc/openEuler-release',
  '/etc/SuSE-release',
  '/etc/fedora-release',
  '/etc/redhat-release',
  '/etc/system-release',
] as const;

/**
 * The distribution that a set of files tells of.
 * @param files path on the target -> text; only those that exist
 */
export function identifyOs(files: ReadonlyMap<string, string>): Os {
  const os = readOs(files);
  return { ...os, id: wordOf(os.id), versionId: wordOf(os.versionId), codename: wordOf(os.codename) };
}

/** What is no word ("n/a", "bookworm/sid") names no release; it would become part of a path. */
function wordOf(value: string | null): string | null {
  return value === null || /[/\u0000-\u001f\u007f]|\.\./.test(value) || value.length > 64 ? null : value;
}

function readOs(files: ReadonlyMap<string, string>): Os {
  for (const path of ['/etc/os-release', '/usr/lib/os-release']) {
    const text = files.get(path);
    const os = text === undefined ? null : fromOsRelease(parseOsRelease(text), path);
    if (os !== null) return os;
  }
  for (const path of RELEASE_FILES) {
    const text = files.get(path);
    const os = text === undefined ? null : fromReleaseFile(text, path);
    if (os !== null) return os;
  }
  return fromLsbRelease(files) ?? fromDebianVersion(files) ?? UNKNOWN;
}

function fromOsRelease(values: ReadonlyMap<string, string>, from: string): Os | null {
  const id = values.get('ID');
  if (id === undefined || id === '') return null;
  return {
    id,
    versionId: values.get('VERSION_ID') ?? null,
    codename: codenameFrom(id, values),
    prettyName: values.get('PRETTY_NAME') ?? values.get('NAME') ?? null,
    idLike: (values.get('ID_LIKE') ?? '').split(' ').filter((word) => word !== ''),
    from,
  };
}

/** Where the packages are a parent's, its code name counts: Mint's own is in no archive. */
function codenameFrom(id: string, values: ReadonlyMap<string, string>): string | null {
  const own = values.get('VERSION_CODENAME');
  const parents = values.get('UBUNTU_CODENAME') ?? values.get('DEBIAN_CODENAME');
  const row = findDistribution(id);
  if (row !== null && row.packagesOf.length > 0) {
    return parents ?? parentCodename(row, values.get('VERSION_ID') ?? null) ?? own ?? null;
  }
  return own ?? parents ?? codenameOf(values.get('VERSION') ?? '');
}

/** Debian 8 says only VERSION="8 (jessie)", Ubuntu 14.04 only "14.04.6 LTS, Trusty Tahr". */
function codenameOf(version: string): string | null {
  const inBrackets = /\(([a-z]{3,20})\)/.exec(version)?.[1];
  if (inBrackets !== undefined) return inBrackets;
  return /, ([A-Z][a-z]{2,20}) [A-Z]/.exec(version)?.[1]?.toLowerCase() ?? null;
}

function fromReleaseFile(text: string, from: string): Os | null {
  const [line = '', ...rest] = text.split('\n');
  const vendor = VENDORS.find(([pattern]) => pattern.test(line));
  if (vendor === undefined) return null;
  const [, id, idLike] = vendor;
  const version = /(?:release|linux|server|desktop|suse) (\d{1,8}(?:\.\d{1,8}){0,2})/i.exec(line)?.[1] ?? null;
  // SuSE-release: "SUSE Linux Enterprise Server 11 (x86_64)", "VERSION = 11", "PATCHLEVEL = 4".
  const patch = rest
    .map((next) => /^PATCHLEVEL = ([1-9]\d?)$/.exec(next.trim())?.[1])
    .find((found) => found !== undefined);
  return {
    id,
    versionId: version === null || patch === undefined ? version : `${version}.${patch}`,
    codename: /\(([A-Za-z][A-Za-z ]{2,30})\)/.exec(line)?.[1] ?? null,
    prettyName: line.trim() === '' ? null : line.trim(),
    idLike,
    from,
  };
}

function fromLsbRelease(files: ReadonlyMap<string, string>): Os | null {
  const from = '/etc/lsb-release';
  const values = parseOsRelease(files.get(from) ?? '');
  const id = values.get('DISTRIB_ID');
  if (id === undefined || id === '') return null;
  return {
    id: id.toLowerCase(),
    versionId: values.get('DISTRIB_RELEASE') ?? null,
    codename: values.get('DISTRIB_CODENAME') ?? null,
    prettyName: values.get('DISTRIB_DESCRIPTION') ?? null,
    idLike: id === 'Ubuntu' ? ['debian'] : [],
    from,
  };
}

/** "6.0.10" on a release, "squeeze/sid" before one. */
function fromDebianVersion(files: ReadonlyMap<string, string>): Os | null {
  const from = '/etc/debian_version';
  const text = (files.get(from) ?? '').trim();
  if (text === '') return null;
  const version = /^\d{1,3}(?:\.\d{1,3}){0,2}$/.test(text) ? text : null;
  const codename = /^([a-z]{3,20})(?:\/sid)?$/.exec(text)?.[1] ?? null;
  return { id: 'debian', versionId: version, codename, prettyName: `Debian ${text}`, idLike: [], from };
}
