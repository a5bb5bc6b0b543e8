/** Small bundles of made-up packages, written by the real writer. */
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { prepareData, prepareScript } from '../../src/bundle/files.ts';
import { type BundledPackage, type BundleManifest, compareText } from '../../src/bundle/manifest.ts';
import { writeBundle, type BundleSource } from '../../src/bundle/write.ts';
import { finishBundle, INSTALL_SCRIPTS } from '../../src/pipeline/bundle.ts';
import type { DebTarget, Sha256 } from '../../src/types.ts';

export const SAMPLE_TARGET: DebTarget = {
  family: 'deb',
  kernelFamily: 'debian',
  distro: 'debian',
  version: '11',
  codename: 'bullseye',
  arch: 'x86_64',
  release: '5.10.0-99-cloud-amd64',
  unameV: null,
  buildId: null,
  packageArch: 'amd64',
  flavour: 'cloud-amd64',
  packageVersion: null,
};

/** A package of the manifest whose file holds `data`. */
function samplePackage(name: string, data: Uint8Array): BundledPackage {
  return describeSample(name, createHash('sha256').update(data).digest('hex') as Sha256, data.length);
}

/** A package of the manifest by its digest. */
export function describeSample(name: string, sha256: Sha256, sizeBytes: number): BundledPackage {
  return {
    path: `packages/${name}_1.0-1_amd64.deb`,
    sha256,
    sizeBytes,
    installedBytes: 4096,
    role: 'dependency',
    name,
    version: '1.0-1',
    arch: 'amd64',
    match: 'dependency',
    wave: 0,
    install: true,
    replaces: null,
    repository: 'test',
    urls: ['http://127.0.0.1/pool/x.deb'],
    trust: { kind: 'unsigned-index', digest: null, index: null },
    expects: null,
    signer: null,
    checks: [],
  };
}

/** The manifest's head of a bundle of such packages. */
export function sampleHead(packages: readonly BundledPackage[]): Omit<BundleManifest, 'files'> {
  return {
    schema: 'tapprep-bundle/1',
    kind: 'packages',
    tapprep: '0.0.0',
    target: SAMPLE_TARGET,
    dependencies: 'asked',
    warnings: [],
    notes: [],
    packages,
    present: [],
    indexes: [],
    modules: [],
  };
}

/** Writes a bundle of packages with the given contents. */
export async function writeSample(
  directory: string,
  name: string,
  contents: Readonly<Record<string, Uint8Array>>,
  options: {
    readonly target?: DebTarget;
    readonly sign?: (sums: string) => Promise<string>;
    readonly extra?: Readonly<Record<string, string>>;
  } = {},
): Promise<{ readonly path: string; readonly manifest: BundleManifest }> {
  const packages = Object.entries(contents).map(([key, data]) => samplePackage(key, data));
  const sources = new Map<string, BundleSource>(
    Object.entries(contents).map(([key, data]) => [`packages/${key}_1.0-1_amd64.deb`, { data }]),
  );
  const finished = finishBundle(
    { ...sampleHead(packages), ...(options.target === undefined ? {} : { target: options.target }) },
    [
      prepareData('install.sh', 'exit 0\n', 0o755),
      ...Object.entries(options.extra ?? {}).map(([path, text]) => prepareData(path, text)),
    ],
    sources,
  );
  const path = join(directory, `${name}.tar`);
  await writeBundle({
    out: path,
    manifest: finished.manifest,
    sources: finished.sources,
    sign: options.sign ?? null,
    signal: new AbortController().signal,
  });
  return { path, manifest: finished.manifest };
}

/** What bundle.txt tells the scripts of a real package, beside what its file tells. */
export interface RealPackage {
  readonly file: string;
  readonly name: string;
  readonly version: string;
  readonly arch?: string;
  readonly role?: BundledPackage['role'];
  readonly wave?: number;
  readonly installedBytes?: number;
}

/** Writes a bundle of real packages with the real scripts, as `tapprep bundle` does. */
export async function writeRealBundle(
  out: string,
  packages: readonly RealPackage[],
  over: Partial<Omit<BundleManifest, 'files' | 'packages'>> & {
    readonly sign?: (sums: string) => Promise<string>;
  } = {},
): Promise<BundleManifest> {
  const { sign = null, ...head } = over;
  const described = packages.map(({ file, ...more }): BundledPackage => {
    const sample = samplePackage(more.name, readFileSync(file));
    return { ...sample, ...more, arch: more.arch ?? sample.arch, path: `packages/${basename(file)}` };
  });
  const { manifest, sources } = finishBundle(
    { ...sampleHead(described.toSorted((a, b) => a.wave - b.wave || compareText(a.path, b.path))), ...head },
    await Promise.all(INSTALL_SCRIPTS.map(prepareScript)),
    new Map(packages.map(({ file }) => [`packages/${basename(file)}`, { file }])),
  );
  await writeBundle({ out, manifest, sources, sign, durable: false, signal: new AbortController().signal });
  return manifest;
}
