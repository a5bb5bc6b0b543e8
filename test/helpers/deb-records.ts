/** Records of made-up Debian packages, for tests of planning. */
import type { DebRecord } from '../../src/resolve/deb/packages-index.ts';
import { splitGroups } from '../../src/resolve/deb/dependencies.ts';
import type { DebTarget, Fingerprint, Repository } from '../../src/types.ts';

export const SIGNER = 'A'.repeat(40) as Fingerprint;

/** A repository of Debian's form; `over` replaces what a test is about. */
export function debRepository(over: Partial<Repository> = {}): Repository {
  return {
    id: 'main',
    kind: 'deb',
    baseUrls: ['http://mirror.example/debian/'],
    suite: 'bookworm',
    components: ['main'],
    origin: 'target',
    vendor: 'Debian',
    content: [],
    state: 'live',
    trust: { metadata: 'signed', packages: 'unsigned', fingerprints: [], keyrings: [], allow: [] },
    allowExpiredRelease: false,
    ...over,
  };
}

/** Fields as a Packages index has them. */
export interface RecordFields {
  readonly Depends?: string;
  readonly PreDepends?: string;
  readonly Provides?: string;
  readonly Breaks?: string;
  readonly Source?: string;
  readonly arch?: string;
  readonly isBase?: boolean;
  readonly notAutomatic?: boolean;
  readonly sizeBytes?: number;
  readonly repository?: Repository;
}

/** `name version` with the fields given. */
export function debRecord(name: string, version: string, fields: RecordFields = {}): DebRecord {
  const repository = fields.repository ?? debRepository();
  const arch = fields.arch ?? 'amd64';
  const digest = { algorithm: 'sha256', hex: '0'.repeat(64) } as const;
  const preRequires = splitGroups(fields.PreDepends ?? '');
  return {
    name,
    version,
    arch,
    urls: repository.baseUrls.map((base) => `${base}pool/${name}_${version.replace(/^\d+:/, '')}_${arch}.deb`),
    sizeBytes: fields.sizeBytes ?? 1000,
    installedBytes: 4096,
    digest,
    trust: { kind: 'signed-index', digest, signer: SIGNER, index: 'http://mirror.example/InRelease' },
    repository,
    provides: splitGroups(fields.Provides ?? ''),
    requires: [...preRequires, ...splitGroups(fields.Depends ?? '')],
    preRequires,
    breaks: splitGroups(fields.Breaks ?? ''),
    isBase: fields.isBase ?? false,
    notAutomatic: fields.notAutomatic ?? false,
    vendor: null,
    buildHost: null,
    buildTime: null,
    source: fields.Source ?? name,
  };
}

/** A Debian kernel of amd64. */
export function debTarget(over: Partial<DebTarget> = {}): DebTarget {
  return {
    family: 'deb',
    kernelFamily: 'debian',
    distro: 'debian',
    version: '12',
    codename: 'bookworm',
    arch: 'x86_64',
    release: '6.1.0-56-amd64',
    unameV: '#1 SMP PREEMPT_DYNAMIC Debian 6.1.192-2 (2026-10-20)',
    buildId: null,
    packageArch: 'amd64',
    flavour: 'amd64',
    packageVersion: '6.1.192-2',
    ...over,
  };
}
