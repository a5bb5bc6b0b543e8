// What tapprep ships of others, by package-lock.json: a CycloneDX SBOM, and the terms of each.
import { createHash } from 'node:crypto';
import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

interface Locked {
  readonly version: string;
  readonly license?: string;
  readonly integrity?: string;
  readonly dev?: boolean;
}

interface Shipped extends Locked {
  readonly name: string;
  /** Below node_modules. */
  readonly path: string;
}

/** Every package that is part of what is shipped: the dependencies with theirs, and Node. */
function listShipped(): readonly Shipped[] {
  const { packages } = JSON.parse(readFileSync('package-lock.json', 'utf8')) as {
    packages: Readonly<Record<string, Locked>>;
  };
  return Object.entries(packages)
    .filter(([path, { dev }]) => path !== '' && dev !== true)
    .map(([path, locked]) => ({ ...locked, path, name: path.replace(/^.*node_modules\//, '') }))
    .toSorted((a, b) => (a.path < b.path ? -1 : 1));
}

/** The bill of materials (CycloneDX 1.6), the same for the same commit. @param date seconds since the epoch */
export function makeSbom(version: string, date: number): object {
  const shipped = listShipped();
  const components = shipped.map(({ name, version: of, license, integrity }) => ({
    type: 'library',
    'bom-ref': `pkg:npm/${encodeURIComponent(name)}@${of}`,
    name,
    version: of,
    purl: `pkg:npm/${name.replace('@', '%40')}@${of}`,
    ...(license === undefined ? {} : { licenses: [licenceOf(license)] }),
    ...(integrity?.startsWith('sha512-') === true
      ? { hashes: [{ alg: 'SHA-512', content: Buffer.from(integrity.slice(7), 'base64').toString('hex') }] }
      : {}),
  }));
  const digest = createHash('sha256').update(JSON.stringify(components)).digest('hex');
  const [a, b, c, d, e] = [
    digest.slice(0, 8),
    digest.slice(8, 12),
    digest.slice(13, 16),
    digest.slice(17, 20),
    digest.slice(20, 32),
  ];
  return {
    bomFormat: 'CycloneDX',
    specVersion: '1.6',
    serialNumber: `urn:uuid:${a}-${b}-5${c}-8${d}-${e}`,
    version: 1,
    metadata: {
      timestamp: new Date(date * 1000).toISOString(),
      component: { type: 'application', 'bom-ref': `pkg:npm/tapprep@${version}`, name: 'tapprep', version },
    },
    components,
  };
}

/** One licence by its SPDX identifier, several as the expression that they are. */
function licenceOf(license: string): object {
  return /^[\w.+-]+$/.test(license) ? { license: { id: license } } : { expression: license };
}

/** The terms of everything that is shipped. @throws Error for a package that comes without any */
export function collectLicences(): string {
  return listShipped()
    .map(({ name, version, license, path }) => {
      const files = globSync('{licen[cs]e,licen[cs]e.*,LICEN[CS]E,LICEN[CS]E.*,License*,COPYING*}', { cwd: path });
      const [file] = files.toSorted();
      if (file === undefined && license === undefined) throw new Error(`${path} comes without terms`);
      const terms = file === undefined ? `Licence: ${license ?? ''}\n` : readFileSync(join(path, file), 'utf8');
      return `${'='.repeat(72)}\n${name} ${version} (${license ?? 'see below'})\n\n${terms.trimEnd()}\n`;
    })
    .join('\n');
}
