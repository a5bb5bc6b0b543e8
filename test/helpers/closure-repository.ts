/** Repositories made by a seed, with every kind of dependency that rpm knows: what our closure and dnf's are compared on. */
import { createHash } from 'node:crypto';
import { mkdirSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';

/** mulberry32: small, fast, and the same on every machine. */
function makeRandom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
}

interface Draft {
  readonly name: string;
  readonly epoch: number;
  readonly version: string;
  readonly release: string;
  readonly arch: string;
  readonly source: string;
  readonly relations: Record<Relations, string[]>;
  /** Those that primary.xml lists: programs and configuration. */
  readonly files: string[];
  /** Those that only filelists.xml lists. */
  readonly otherFiles: string[];
}

const KINDS = [
  'provides',
  'requires',
  'conflicts',
  'obsoletes',
  'recommends',
  'suggests',
  'supplements',
  'enhances',
] as const;
type Relations = (typeof KINDS)[number];

const CAPABILITIES = Array.from({ length: 12 }, (_, at) => `service(kind${at})`);
const FLAGS: Readonly<Record<string, string>> = { '=': 'EQ', '<': 'LT', '<=': 'LE', '>': 'GT', '>=': 'GE' };

/** Packages in the order in which they are listed. */
function draftPackages(seed: number, count: number): readonly Draft[] {
  const random = makeRandom(seed);
  const below = (limit: number): number => Math.floor(random() * limit);
  const chance = (share: number): boolean => random() < share;
  const drafts: Draft[] = [];
  /** One of the packages before, more often one that was just made. */
  const earlier = (): Draft | undefined =>
    drafts[chance(0.5) ? below(drafts.length) : Math.max(0, drafts.length - 1 - below(60))];
  const pick = <Value>(list: readonly Value[]): Value | undefined => list[below(list.length)];

  const nameLater = (): string => `pkg${below(Math.max(1, Math.floor(count * 0.5)))}`;
  const soname = (draft: Draft): string | undefined =>
    pick(draft.relations.provides.filter((text) => text.includes('.so.')));
  const rich = (): string => {
    const [a, b, c] = [earlier()?.name ?? 'base', earlier()?.name ?? 'base', earlier()?.name ?? 'base'];
    return (
      pick([
        `(${a} or ${b})`,
        `(${a} and ${b})`,
        `(${a} if ${b})`,
        `(${a} if ${b} else ${c})`,
        `(${a} unless ${b})`,
        `(${a} unless ${b} else ${c})`,
        `(${pick(CAPABILITIES)} with service(quality) >= ${below(4)})`,
        `(${pick(CAPABILITIES)} without ${a})`,
        `((${a} or ${b}) if (${c} or ${nameLater()}))`,
        `(${a} >= 1 or ${b} < 3 or ${c})`,
        `(${a} and (${b} or ${c}))`,
      ]) ?? a
    );
  };
  const need = (): string => {
    const other = earlier();
    if (other === undefined) return 'base';
    const vr = `${other.epoch === 0 ? '' : `${other.epoch}:`}${other.version}-${other.release}`;
    const roll = random();
    if (roll < 0.25) return soname(other) ?? other.name;
    if (roll < 0.4) return other.name;
    if (roll < 0.46) return `${other.name} = ${vr}`;
    if (roll < 0.56) return `${other.name} >= ${other.epoch === 0 ? '' : `${other.epoch}:`}${below(3)}.${below(5)}`;
    if (roll < 0.59) return `${other.name}(x86-64) = ${vr}`;
    if (roll < 0.66) return pick(CAPABILITIES) ?? 'base';
    if (roll < 0.7) return `${pick(CAPABILITIES)} >= ${below(3)}`;
    if (roll < 0.78) return pick(other.files) ?? other.name;
    if (roll < 0.83) return pick(other.otherFiles) ?? other.name;
    if (roll < 0.9) return rich();
    if (roll < 0.91) return nameLater();
    return 'rpmlib(CompressedFileNames) <= 3.0.4-1';
  };

  const add = (name: string, version: string, arch: string, more: Partial<Draft> = {}): Draft => {
    const relations = Object.fromEntries(KINDS.map((kind) => [kind, [] as string[]])) as Record<Relations, string[]>;
    const draft: Draft = {
      name,
      epoch: 0,
      version,
      release: `${1 + below(9)}.el9`,
      arch,
      source: name,
      relations,
      files: [],
      otherFiles: [],
      ...more,
    };
    const evr = `${draft.epoch === 0 ? '' : `${draft.epoch}:`}${version}-${draft.release}`;
    draft.relations.provides.push(`${name} = ${evr}`);
    if (arch === 'x86_64') draft.relations.provides.push(`${name}(x86-64) = ${evr}`);
    if (arch === 'i686') draft.relations.provides.push(`${name}(x86-32) = ${evr}`);
    drafts.push(draft);
    return draft;
  };

  add('base', '1.0', 'noarch');
  for (let index = 0; drafts.length < count; index += 1) {
    const name = `pkg${index}`;
    if (index % 97 === 50) {
      const version = `5.14.${below(9)}`;
      const kernel = add('kernel-core', version, 'x86_64');
      kernel.relations.provides.push('installonlypkg(kernel)');
      const devel = add('kernel-devel', version, 'x86_64', { release: kernel.release });
      devel.relations.provides.push(
        'installonlypkg(kernel)',
        `kernel-devel-uname-r = ${version}-${kernel.release}.x86_64`,
      );
      devel.relations.requires.push(need(), need());
      continue;
    }
    const isLibrary = chance(0.4);
    const arch = isLibrary || chance(0.7) ? 'x86_64' : 'noarch';
    const epoch = chance(0.08) ? 1 + below(2) : 0;
    const versions = chance(0.25) ? 2 + below(2) : 1;
    const major = below(3);
    for (let at = 0; at < versions; at += 1) {
      const version = `${major}.${at + below(2)}.${below(4)}`;
      const draft = add(name, version, arch, { epoch });
      const { relations } = draft;
      if (isLibrary) {
        relations.provides.push(`lib${name}.so.${below(2)}()(64bit)`, `lib${name}.so.1(V_1.${at})(64bit)`);
        if (chance(0.1)) relations.provides.push(`libshared${below(20)}.so.1()(64bit)`);
      }
      if (chance(0.15))
        relations.provides.push(`${pick(CAPABILITIES)} = ${below(4)}`, `service(quality) = ${below(4)}`);
      else if (chance(0.04)) relations.provides.push(pick(CAPABILITIES) ?? 'base');
      if (chance(0.4)) draft.files.push(`/usr/bin/${name}`);
      if (chance(0.1)) draft.files.push(`/etc/alternatives/tool${below(15)}`);
      if (chance(0.3)) draft.otherFiles.push(`/usr/share/${name}/data`);
      if (chance(0.05)) draft.otherFiles.push(`/usr/libexec/common/helper${below(12)}`);
      for (let requires = below(4); requires > 0; requires -= 1) relations.requires.push(need());
      if (chance(0.03)) relations.conflicts.push(chance(0.2) ? rich() : `${nameLater()} < ${1 + below(2)}`);
      if (chance(0.01)) relations.conflicts.push(nameLater());
      if (chance(0.03)) relations.obsoletes.push(`${nameLater()} < ${below(3)}.${below(3)}`);
      if (chance(0.02)) relations.obsoletes.push(`old${below(30)}`);
      if (chance(0.15)) relations.recommends.push(chance(0.2) ? rich() : need());
      if (chance(0.1)) relations.suggests.push(need());
      if (chance(0.06)) relations.supplements.push(chance(0.3) ? `(${nameLater()} and ${nameLater()})` : nameLater());
      if (chance(0.04)) relations.enhances.push(nameLater());
      if (isLibrary && chance(0.2)) {
        const twin = add(name, version, 'i686', { epoch, release: draft.release });
        twin.relations.provides.push(`lib${name}.so.1`);
        const other = earlier();
        if (other !== undefined && other.arch === 'i686') twin.relations.requires.push(`lib${other.name}.so.1`);
        if (chance(0.3)) relations.requires.push(need());
      }
    }
  }
  return drafts;
}

function escapeXml(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;');
}

function formatRelation(text: string): string {
  const [, name = text, operator, evr = ''] = (text.startsWith('(') ? null : /^(\S+) ([<>=]+) (\S+)$/.exec(text)) ?? [];
  if (operator === undefined) return `<rpm:entry name="${escapeXml(name)}"/>`;
  const [, epoch = '0', version = '', release] = /^(?:(\d+):)?([^-]+)(?:-(.+))?$/.exec(evr) ?? [];
  const end = release === undefined ? '' : ` rel="${release}"`;
  return `<rpm:entry name="${escapeXml(name)}" flags="${FLAGS[operator]}" epoch="${epoch}" ver="${version}"${end}/>`;
}

function idOf(draft: Draft): string {
  return createHash('sha256').update(labelOf(draft)).digest('hex');
}

function labelOf({ name, epoch, version, release, arch }: Draft): string {
  return `${name}-${epoch === 0 ? '' : `${epoch}:`}${version}-${release}.${arch}`;
}

function formatPrimary(draft: Draft): string {
  const { name, arch, epoch, version, release, source, relations, files } = draft;
  const lists = KINDS.filter((kind) => relations[kind].length > 0).map(
    (kind) => `<rpm:${kind}>\n${relations[kind].map(formatRelation).join('\n')}\n</rpm:${kind}>\n`,
  );
  return `<package type="rpm">
<name>${name}</name><arch>${arch}</arch>
<version epoch="${epoch}" ver="${version}" rel="${release}"/>
<checksum type="sha256" pkgid="YES">${idOf(draft)}</checksum>
<summary>made by a seed</summary><description/><packager/><url/>
<time file="1700003600" build="1700000000"/><size package="4000" installed="9000" archive="9100"/>
<location href="Packages/${name}-${version}-${release}.${arch}.rpm"/>
<format><rpm:license>MIT</rpm:license><rpm:vendor>CentOS</rpm:vendor><rpm:group>x</rpm:group><rpm:buildhost>b.example.org</rpm:buildhost><rpm:sourcerpm>${source}-${version}-${release}.src.rpm</rpm:sourcerpm><rpm:header-range start="1" end="2"/>
${lists.join('')}${files.map((file) => `<file>${file}</file>\n`).join('')}</format>
</package>
`;
}

function formatFiles(draft: Draft): string {
  const { name, arch, epoch, version, release, files, otherFiles } = draft;
  return `<package pkgid="${idOf(draft)}" name="${name}" arch="${arch}">
<version epoch="${epoch}" ver="${version}" rel="${release}"/>
${[...files, ...otherFiles].map((file) => `<file>${file}</file>\n`).join('')}</package>
`;
}

function digest(data: string | Buffer): string {
  return createHash('sha256').update(data).digest('hex');
}

/** Writes DIRECTORY/repodata; returns the names of the packages, each once. */
export function makeClosureRepository(directory: string, seed: number, count: number): readonly string[] {
  const drafts = draftPackages(seed, count);
  const repodata = join(directory, 'repodata');
  mkdirSync(repodata, { recursive: true });
  const documents = {
    primary: `<metadata xmlns="http://linux.duke.edu/metadata/common" xmlns:rpm="http://linux.duke.edu/metadata/rpm" packages="${drafts.length}">\n${drafts.map(formatPrimary).join('')}</metadata>\n`,
    filelists: `<filelists xmlns="http://linux.duke.edu/metadata/filelists" packages="${drafts.length}">\n${drafts.map(formatFiles).join('')}</filelists>\n`,
  };
  const entries = Object.entries(documents).map(([type, body]) => {
    const text = `<?xml version="1.0" encoding="UTF-8"?>\n${body}`;
    const packed = gzipSync(text);
    const path = join(repodata, `${type}.xml.gz`);
    writeFileSync(path, packed);
    return `<data type="${type}"><checksum type="sha256">${digest(packed)}</checksum><open-checksum type="sha256">${digest(text)}</open-checksum><location href="repodata/${type}.xml.gz"/><timestamp>${Math.floor(statSync(path).mtimeMs / 1000)}</timestamp><size>${packed.length}</size><open-size>${Buffer.byteLength(text)}</open-size></data>`;
  });
  writeFileSync(
    join(repodata, 'repomd.xml'),
    `<?xml version="1.0" encoding="UTF-8"?>\n<repomd xmlns="http://linux.duke.edu/metadata/repo"><revision>${seed}</revision>${entries.join('')}</repomd>\n`,
  );
  return [...new Set(drafts.map(({ name }) => name))];
}

/** Requests by a seed: one to four names each. */
export function drawRequests(names: readonly string[], seed: number, count: number): readonly (readonly string[])[] {
  const random = makeRandom(seed);
  return Array.from({ length: count }, () =>
    Array.from(
      { length: 1 + Math.floor(random() ** 2 * 4) },
      () => names[Math.floor(random() * names.length)] ?? 'base',
    ),
  );
}
