/** The placeholders of a mirror list and what fills them in for one target. Pure. */
import { findDistribution, packageHomes, parentCodename } from '../detect/distributions.ts';
import type { Target } from '../types.ts';
import { findKernelTag, majorOf, osVersion, repositoryArch, serviceVersion } from './kernel-tag.ts';
import type { Mirrors } from './mirror-list.ts';
import { forFamily, systemOf } from '../package-system/systems.ts';

/** Every name that may stand in braces; docs/mirrors.md says what each becomes. */
export const PLACEHOLDERS = [
  'version',
  'major',
  'minor',
  'point',
  'sp',
  'lts',
  'uek',
  'codename',
  'arch',
  'release',
  'kver',
  'krel',
  'part',
  'keyid',
  'timestamp',
] as const;

type Placeholder = (typeof PLACEHOLDERS)[number];
export type Values = Readonly<Record<Placeholder, string | null>>;

/** The names in braces, in order; null stands for a brace that does not close. */
export function namesInTemplate(template: string): readonly (string | null)[] {
  const names: (string | null)[] = [];
  for (let at = template.indexOf('{'); at !== -1; at = template.indexOf('{', at + 1)) {
    const end = template.indexOf('}', at);
    names.push(end === -1 ? null : template.slice(at + 1, end));
  }
  return names;
}

/** Whether a template has only known placeholders, and no white space or control characters. */
export function isSafeTemplate(template: string): boolean {
  const known: readonly (string | null)[] = PLACEHOLDERS;
  return !/[\s\u0000-\u001f\u007f]/u.test(template) && namesInTemplate(template).every((name) => known.includes(name));
}

/** Fills a template in, or names the first placeholder that has no value for this target. */
export function fillTemplate(
  template: string,
  values: Values,
): { readonly text: string; readonly missing: null } | { readonly text: null; readonly missing: string } {
  let out = '';
  let from = 0;
  for (let at = template.indexOf('{'); at !== -1; at = template.indexOf('{', from)) {
    const end = template.indexOf('}', at);
    const name = template.slice(at + 1, end);
    const value = values[name as Placeholder] ?? null;
    if (end === -1 || value === null) return { text: null, missing: end === -1 ? '{' : name };
    out += template.slice(from, at) + value;
    from = end + 1;
  }
  return { text: out + template.slice(from), missing: null };
}

/** What goes into an address must be one plain path component. */
function plain(value: string | null | undefined): string | null {
  return value !== undefined && value !== null && /^[A-Za-z0-9._+:~-]+$/.test(value) && !/^\.+$/.test(value)
    ? value
    : null;
}

/** How exact the minor release is read: from the kernel's own name (R8), or from what os-release says. */
export type MinorFrom = 'kernel' | 'system';

/** The value of every placeholder for one target; null where the target does not tell. */
export function placeholderValues(
  target: Target,
  tables: Pick<Mirrors, 'codenames' | 'kernelMinors' | 'pointReleases' | 'uekReleases'>,
  from: MinorFrom,
  timestamp: string | null,
): Values {
  const tag = findKernelTag(target, tables.kernelMinors);
  const system = osVersion(target);
  const version = from === 'kernel' ? kernelVersion(tag?.version ?? null, system) : (system ?? tag?.version ?? null);
  const minor = version !== null && version.includes('.') ? version : null;
  const table = tables.pointReleases[target.distro.toLowerCase()] ?? {};
  const split = forFamily(target, {
    deb: () => null,
    rpm: ({ versionRelease }) => splitVersionRelease(versionRelease),
  });
  return {
    version: plain(version),
    major: plain(version === null ? null : majorOf(version)),
    minor: plain(minor),
    point: plain(minor === null ? null : (table[minor] ?? minor)),
    sp: plain(version === null ? null : serviceVersion(version)),
    lts: plain(tag?.lts ?? null),
    uek: plain(split === null ? null : tables.uekReleases[split.version]),
    codename: plain(codenameOf(target, tables.codenames)),
    arch: plain(repositoryArch(target)),
    release: plain(target.release),
    kver: plain(split?.version),
    krel: plain(split?.release),
    part: null,
    keyid: null,
    timestamp: plain(timestamp),
  };
}

/** What the kernel's name says wins (R8), unless os-release says the same major more exactly. */
function kernelVersion(tag: string | null, system: string | null): string | null {
  if (tag === null || system === null) return tag ?? system;
  return !tag.includes('.') && majorOf(system) === tag ? system : tag;
}

/** Codename of a dpkg target: what os-release says, else by version. */
export function codenameOf(target: Target, codenames: Mirrors['codenames']): string | null {
  if (!systemOf(target).reads('deb')) return null;
  const table = codenames[target.distro.toLowerCase()] ?? {};
  const row = findDistribution(target.distro);
  return (
    target.codename ??
    (target.version === null ? undefined : table[target.version]) ??
    (row === null ? null : parentCodename(row, target.version))
  );
}

/** The distribution whose archive has the target's packages: its own, or the parent that has a release of its code name. */
export function packageHomeOf(target: Target, codenames: Mirrors['codenames']): string {
  const own = target.distro.toLowerCase();
  const codename = codenameOf(target, codenames);
  const home = packageHomes(own).find((id) => Object.values(codenames[id] ?? {}).some((name) => name === codename));
  return home ?? own;
}

function splitVersionRelease(text: string): { readonly version: string; readonly release: string } | null {
  const dash = text.indexOf('-');
  return dash === -1 ? null : { version: text.slice(0, dash), release: text.slice(dash + 1) };
}
