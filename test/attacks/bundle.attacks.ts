/** Bundles of a forger: every digest fits, and the manifest says whatever helps. */
import { createHash } from 'node:crypto';
import { readFileSync, statSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { gzipSync } from 'node:zlib';
import type { BundleManifest } from '../../src/bundle/manifest.ts';
import type { Authority, CarriedFile } from '../../src/trust/judge.ts';
import type { Artifact, BuildId, Fingerprint, PlanItem, RepositoryTrust, Sha256 } from '../../src/types.ts';
import { DebLab } from '../helpers/deb-lab.ts';
import { debRepository } from '../helpers/deb-records.ts';
import type { TestKey } from '../helpers/gpg.ts';
import { headerTags, type Tags, writeRpm } from '../helpers/rpm-writer.ts';
import { runLocally } from '../helpers/run.ts';
import { describeSample, SAMPLE_TARGET, sampleHead } from '../helpers/sample-bundle.ts';
import {
  atEnd,
  type Attack,
  type GuardEdit,
  held,
  once,
  type Outcome,
  refusalOf,
  succeeded,
  type Tree,
} from './attack.ts';
import { sha256 } from './forged-bundle.ts';
import { clearsign, detach, home, owner, stranger } from './keys.ts';

const BUILD_ID = '5f'.repeat(20) as BuildId;
const EL9 = '5.14.0-503.11.1.el9_5';
const PAYLOAD = Buffer.alloc(2000, 'payload ');
const JUDGE = 'src/trust/judge.ts';
const AUTHORITY = 'src/pipeline/bundle-authority.ts';
const off = (file: string, text: string, replacement = ''): GuardEdit => ({ file, text, replacement });
const { signal } = new AbortController();

const TAKE_UNCHECKED = off(JUDGE, 'return allowUnchecked ?', 'return allowUnchecked || true ?');
const TAKE_UNSIGNED = off(JUDGE, 'if (!authority.allowUnsigned) {', 'if (authority === null) {');

// ---------------------------------------------------------------- rpms

const signedBy =
  (key: TestKey) =>
  (bytes: Buffer): Tags => [[268, { bytes: detach(bytes, key) }]];

/** An rpm that says what a kernel's debug package says; anybody can write that. */
function rpm(sign?: (bytes: Buffer) => Tags, name = 'kernel-debuginfo', extra: Tags = []): Buffer {
  const [version = '', release = ''] = EL9.split('-');
  const tags = headerTags(name, version, release, [
    [1047, { texts: ['debuginfo(build-id)'] }],
    [1112, { numbers: [8] }],
    [1113, { texts: [BUILD_ID] }],
    [5092, { texts: [sha256(PAYLOAD)] }],
    [5093, { numbers: [8] }],
    ...extra,
  ]);
  return writeRpm(tags, PAYLOAD, sign);
}

/** As the manifest of a forger claims it to be. */
function claimed(fileName: string, over: Partial<PlanItem> = {}): PlanItem {
  return {
    kind: 'package',
    role: 'debuginfo',
    name: 'kernel-debuginfo',
    version: EL9,
    arch: 'x86_64',
    fileName,
    urls: ['https://debuginfo.centos.example/'],
    sizeBytes: null,
    installedBytes: null,
    trust: {
      kind: 'signed-index',
      digest: { algorithm: 'sha256', hex: '0'.repeat(64) },
      signer: owner().fingerprint,
      index: 'https://debuginfo.centos.example/repodata/repomd.xml',
    },
    match: 'build-id',
    repository: 'debuginfo',
    install: true,
    replaces: null,
    ...over,
  };
}

function trustOf(key: TestKey): RepositoryTrust {
  return { metadata: 'unsigned', packages: 'signed', fingerprints: [], keyrings: [key.keyring], allow: [] };
}

async function carryRpm(
  tree: Tree,
  file: Buffer,
  over: Partial<Authority> = {},
  item: Partial<PlanItem> = {},
): Promise<Outcome> {
  const { judgeFile } = await tree.load<typeof import('../../src/trust/judge.ts')>(JUDGE);
  const path = join(tree.scratch(), 'carried.rpm');
  writeFileSync(path, file);
  const carried: CarriedFile = { item: claimed('carried.rpm', item), path, sha256: sha256(file) };
  const authority: Authority = {
    listed: () => ({ unchecked: 'no index' }),
    packageTrusts: [trustOf(owner())],
    vendorOf: () => null,
    owner: null,
    allowUnchecked: false,
    allowUnsigned: false,
    ...over,
  };
  return verdictOf(judgeFile(carried, authority, { run: runLocally, signal }));
}

async function verdictOf(
  verdict: Promise<{ readonly artifact: Artifact } | { readonly unchecked: string }>,
): Promise<Outcome> {
  let unchecked = false;
  const outcome = await refusalOf(
    verdict.then((value) => {
      unchecked = 'unchecked' in value;
    }),
    () => 'it is installed as root',
  );
  return unchecked ? held('EVIDENCE_UNCHECKED') : outcome;
}

const GARBAGE = (): Tags => [[268, { bytes: Buffer.from([0xc2, 4, 4, 0, 1, 8]) }]];

const RPMS: readonly Attack[] = [
  {
    name: "an unsigned rpm that names the kernel's build-id, with a manifest that asks for no signature",
    guard: [TAKE_UNSIGNED],
    attempt: (tree) =>
      carryRpm(
        tree,
        rpm(),
        {},
        { trust: { ...claimed('').trust, kind: 'unsigned-index', buildId: BUILD_ID } as PlanItem['trust'] },
      ),
  },
  {
    name: 'an unsigned rpm of which the manifest says that a signed index lists it',
    guard: [TAKE_UNSIGNED],
    attempt: (tree) => carryRpm(tree, rpm()),
  },
  {
    name: 'an unsigned rpm for a machine without any key',
    guard: [TAKE_UNSIGNED],
    attempt: (tree) => carryRpm(tree, rpm(), { packageTrusts: [] }),
  },
  {
    name: 'an unsigned rpm where only what cannot be checked was allowed',
    guard: [TAKE_UNSIGNED],
    attempt: (tree) => carryRpm(tree, rpm(), { packageTrusts: [], allowUnchecked: true }),
  },
  {
    name: 'an rpm signed by a stranger, by whose name the manifest calls it',
    guard: [
      off(JUDGE, 'if (isSigned && authority.packageTrusts.length > 0)', 'if (authority === null)'),
      TAKE_UNCHECKED,
    ],
    attempt: (tree) => carryRpm(tree, rpm(signedBy(stranger()))),
  },
  {
    name: "an rpm signed by a stranger, for a machine with the target's keys, where what cannot be checked was allowed",
    guard: [
      off(
        JUDGE,
        "if (authority.owner === null || !isTapprepError(error, 'UNKNOWN_KEY')) throw error;",
        'if (authority.allowUnchecked) return await takeUnvouched(file, context);',
      ),
      off(JUDGE, 'return await verifyByOwner(file, authority.owner, context);\n  }', 'throw error;\n  }'),
    ],
    attempt: (tree) => carryRpm(tree, rpm(signedBy(stranger())), { allowUnchecked: true }),
  },
  {
    name: "an rpm whose bytes are not those that the target's key signed, in a bundle signed by the user's own key",
    guard: [off(JUDGE, "if (authority.owner === null || !isTapprepError(error, 'UNKNOWN_KEY')) throw error;")],
    attempt: (tree) => {
      const signed = signedBy(owner());
      const other = (bytes: Buffer): Tags => signed(Buffer.concat([bytes, Buffer.from('other')]));
      return carryRpm(tree, rpm(other), { owner: owner().fingerprint });
    },
  },
  {
    name: 'an rpm with a signature of noise, for a machine without any key',
    guard: [TAKE_UNCHECKED],
    attempt: (tree) => carryRpm(tree, rpm(GARBAGE), { packageTrusts: [] }),
  },
  {
    name: "another vendor's build, well signed, which the manifest calls a dependency to escape that comparison",
    guard: [off(AUTHORITY, 'vendorOf: ({ name }) => (ofKernel.has(name) ? vendor : null),', 'vendorOf: () => null,')],
    attempt: async (tree) => {
      const { findAuthority } = await tree.load<typeof import('../../src/pipeline/bundle-authority.ts')>(AUTHORITY);
      const target = await el9(tree);
      const kernel = {
        name: 'kernel-core',
        version: EL9,
        arch: 'x86_64',
        vendor: 'Red Hat, Inc.',
        buildTime: 1,
        buildHost: 'h',
      };
      const round = { open: { target, facts: { kernelPackages: [kernel] } }, repositories: [] };
      const own = await findAuthority(round as unknown as Parameters<typeof findAuthority>[0]);
      return carryRpm(
        tree,
        rpm(signedBy(owner())),
        { vendorOf: own.vendorOf },
        { role: 'dependency', match: 'dependency' },
      );
    },
  },
];

async function el9(tree: Tree): Promise<import('../../src/types.ts').Target> {
  const { identifyTarget } = await tree.load<typeof import('../../src/detect/target.ts')>('src/detect/target.ts');
  const { declareFacts } =
    await tree.load<typeof import('../../src/detect/declared-facts.ts')>('src/detect/declared-facts.ts');
  return identifyTarget(declareFacts({ distro: 'centos:9', release: `${EL9}.x86_64`, arch: 'x86_64', unameV: null }));
}

// ---------------------------------------------------------------- debs

const lab = once(() => {
  const made = new DebLab(home());
  atEnd(() => made.close());
  return made;
});
const headers = once(() => lab().build(`linux-headers-${SAMPLE_TARGET.release}`, '1.0-1', { Depends: 'gcc-10' }));
const gcc = once(() => lab().build('gcc-10', '1.0-1'));
const telnetd = once(() => lab().build('telnetd', '1.0-1'));

function sha256Of(path: string): Sha256 {
  return createHash('sha256').update(readFileSync(path)).digest('hex') as Sha256;
}

function paragraph(path: string): string {
  const [name = ''] = basename(path).split('_');
  return `Package: ${name}\nVersion: 1.0-1\nArchitecture: amd64\nFilename: pool/${basename(path)}\nSize: ${statSync(path).size}\nSHA256: ${sha256Of(path)}\n`;
}

interface Forged {
  /** What the index that travels along lists, and who signed it. */
  readonly lists: readonly string[];
  readonly by: TestKey;
  readonly suite?: string;
  readonly without?: boolean;
}

/** A deb in a bundle with such an index, for a machine that knows the owner's key for suite bullseye. */
async function carryDeb(
  tree: Tree,
  path: string,
  { lists, by, suite = 'bullseye', without = false }: Forged,
  bytes = path,
): Promise<Outcome> {
  const { findAuthority } = await tree.load<typeof import('../../src/pipeline/bundle-authority.ts')>(AUTHORITY);
  const { judgeFile } = await tree.load<typeof import('../../src/trust/judge.ts')>(JUDGE);
  const directory = tree.scratch();
  const list = gzipSync(lists.map(paragraph).join('\n'));
  const row = ` ${createHash('sha256').update(list).digest('hex')} ${list.length} main/binary-amd64/Packages.gz\n`;
  const release = `Suite: ${suite}\nCodename: ${suite}\nDate: Sat, 28 Nov 2026 00:00:00 UTC\nSHA256:\n${row}`;
  writeFileSync(join(directory, 'InRelease'), clearsign(release, by));
  writeFileSync(join(directory, 'Packages.gz'), list);
  const index: BundleManifest['indexes'][number] = {
    repository: 'main',
    suite,
    url: 'http://deb.example/InRelease',
    signer: owner().fingerprint,
    release: 'InRelease',
    signature: null,
    packages: [{ path: 'Packages.gz', name: 'main/binary-amd64/Packages.gz' }],
  };
  const [name = ''] = basename(path).split('_');
  const manifest = { ...sampleHead([describeSample(name, sha256Of(bytes), 1)]), indexes: without ? [] : [index] };
  const trust = { ...debRepository().trust, keyrings: [owner().keyring] };
  const round = {
    session: {
      emit: () => undefined,
      reader: { run: runLocally, now: () => Date.parse('2026-11-29T00:00:00Z'), signal },
    },
    open: { target: SAMPLE_TARGET, facts: {} },
    bundle: { manifest, pathOf: (file: string) => join(directory, file) },
    repositories: [debRepository({ suite: 'bullseye', trust })],
  };
  const judging = async (): ReturnType<typeof judgeFile> => {
    const own = await findAuthority(round as unknown as Parameters<typeof findAuthority>[0]);
    const authority = { ...own, owner: null, allowUnchecked: false, allowUnsigned: false };
    const item = claimed(basename(path), { role: 'dependency', name, version: '1.0-1', arch: 'amd64' });
    return judgeFile({ item, path: bytes, sha256: sha256Of(bytes) }, authority, { run: runLocally, signal });
  };
  return verdictOf(judging());
}

const ANY_INDEX = [
  off('src/trust/signature-verdict.ts', "if (verdict.outcome === 'good') return;", 'return;'),
  off('src/trust/gpgv.ts', "verdict.outcome === 'good' && typeof", 'typeof'),
  off(
    'src/resolve/deb/packages-index.ts',
    "if (signer === null) return { kind: 'unsigned-index'",
    "if (digest === null) return { kind: 'unsigned-index'",
  ),
];

const DEBS: readonly Attack[] = [
  {
    name: 'a deb of which the manifest says that a signed index lists it, and no index came along',
    guard: [TAKE_UNCHECKED],
    attempt: (tree) => carryDeb(tree, telnetd(), { lists: [], by: owner(), without: true }),
  },
  {
    name: 'a deb that the signed index does not list',
    guard: [
      off(AUTHORITY, 'if (why !== undefined || read.length === 0) return', 'if (read.length >= 0) return'),
      TAKE_UNCHECKED,
    ],
    attempt: (tree) => carryDeb(tree, telnetd(), { lists: [gcc()], by: owner() }),
  },
  {
    name: 'a deb with an index of its own, signed by a stranger',
    guard: ANY_INDEX,
    attempt: (tree) => carryDeb(tree, telnetd(), { lists: [telnetd()], by: stranger() }),
  },
  {
    name: 'a deb with a well signed index of a suite that the target does not use',
    guard: [
      off(AUTHORITY, 'suite === index.suite &&', ''),
      off('src/trust/release.ts', 'requireSuite(release, repository, name);'),
    ],
    attempt: (tree) => carryDeb(tree, telnetd(), { lists: [telnetd()], by: owner(), suite: 'sid' }),
  },
  {
    name: 'a deb with other bytes than the signed index names, its digest put right in the manifest',
    guard: [
      off('src/trust/checksums.ts', 'if (found !== expected.hex) {', "if (found === '') {"),
      off(
        'src/trust/checksums.ts',
        'if (sizeBytes !== null && hashed.sizeBytes !== sizeBytes) {',
        'if (hashed.sizeBytes < 0) {',
      ),
    ],
    attempt: (tree) => carryDeb(tree, gcc(), { lists: [gcc()], by: owner() }, trojan()),
  },
];

const trojan = once(() => {
  const elsewhere = new DebLab(home());
  atEnd(() => elsewhere.close());
  return elsewhere.build('gcc-10', '1.0-1', {}, 'gzip', { 'usr/bin/gcc-10': 'a trojan' });
});

// ---------------------------------------------------------------- what nothing needs

const UNNEEDED = off(
  'src/pipeline/bundle-needs.ts',
  'if (use !== null) return use;',
  "return use ?? { role: 'dependency' as const, match: 'dependency' as const };",
);

function artifactOf(path: string, over: Partial<PlanItem> = {}): Artifact {
  const [name = ''] = basename(path).split('_');
  const hex = sha256Of(path);
  const trust = {
    kind: 'signed-index',
    digest: { algorithm: 'sha256', hex },
    signer: 'A'.repeat(40) as Fingerprint,
    index: 'x',
  } as const;
  const item = claimed(basename(path), { name, version: '1.0-1', arch: 'amd64', role: 'dependency', trust, ...over });
  return { item, path, evidence: { sha256: hex, sizeBytes: 1, signer: null, checks: [] } } as unknown as Artifact;
}

async function bring(
  tree: Tree,
  target: import('../../src/types.ts').Target,
  artifacts: readonly Artifact[],
): Promise<Outcome> {
  const { findUses } =
    await tree.load<typeof import('../../src/pipeline/bundle-needs.ts')>('src/pipeline/bundle-needs.ts');
  const uses = findUses({ target, artifacts, records: [], installed: [], bundle: 'a.tar' });
  return refusalOf(uses, () => 'it is installed with the rest');
}

const NEEDS: readonly Attack[] = [
  {
    name: 'a daemon of the distribution, well signed, that nothing needs',
    guard: [UNNEEDED],
    attempt: (tree) =>
      bring(
        tree,
        SAMPLE_TARGET,
        [headers(), gcc(), telnetd()].map((path) => artifactOf(path)),
      ),
  },
  {
    name: 'a daemon of the distribution that the manifest calls the headers of the kernel',
    guard: [UNNEEDED],
    attempt: (tree) =>
      bring(tree, SAMPLE_TARGET, [artifactOf(headers()), artifactOf(telnetd(), { role: 'headers', match: 'version' })]),
  },
  {
    name: 'an rpm of the distribution, well signed, that nothing needs',
    guard: [UNNEEDED],
    attempt: async (tree) => bring(tree, await el9(tree), [rpmArtifact(tree, 'telnet-server')]),
  },
  {
    name: "another kernel's build tree, well signed",
    guard: [UNNEEDED],
    attempt: async (tree) => bring(tree, await el9(tree), [rpmArtifact(tree, 'kernel-rt-devel')]),
  },
  {
    name: 'a package that the plan hides behind a number',
    guard: [off('src/cli/render/plan-text.ts', ": ${rest.join(', ')}`]", '`]')],
    attempt: async (tree) => {
      const { renderPlan } =
        await tree.load<typeof import('../../src/cli/render/plan-text.ts')>('src/cli/render/plan-text.ts');
      const { assemblePlan } = await tree.load<typeof import('../../src/resolve/plan.ts')>('src/resolve/plan.ts');
      const text = renderPlan(assemblePlan(SAMPLE_TARGET, [artifactOf(telnetd()).item], [], []), false, null);
      return text.includes('telnetd 1.0-1')
        ? held('the plan names it')
        : succeeded('the plan that is approved does not name it');
    },
  },
  {
    name: 'an unsigned package that the plan calls signed',
    guard: [
      off(
        'src/cli/render/plan-text.ts',
        "trust.trust.packages === 'signed' ? 'signature in the package' : 'UNSIGNED'",
        "'signature in the package'",
      ),
    ],
    attempt: async (tree) => {
      const { renderPlan } =
        await tree.load<typeof import('../../src/cli/render/plan-text.ts')>('src/cli/render/plan-text.ts');
      const { assemblePlan } = await tree.load<typeof import('../../src/resolve/plan.ts')>('src/resolve/plan.ts');
      const trust = {
        kind: 'rpm-signature',
        trust: { ...trustOf(owner()), packages: 'unsigned' },
        digest: null,
        vendor: null,
      } as const;
      const text = renderPlan(assemblePlan(SAMPLE_TARGET, [claimed('a.rpm', { trust })], [], []), false, null);
      return text.includes('signature in the package')
        ? succeeded('the plan says "signature in the package"')
        : held('UNSIGNED');
    },
  },
];

function rpmArtifact(tree: Tree, name: string): Artifact {
  const path = join(tree.scratch(), `${name}.rpm`);
  writeFileSync(path, rpm(undefined, name).toString('latin1').replaceAll(BUILD_ID, 'ab'.repeat(20)), 'latin1');
  return artifactOf(path, { name });
}

export const attacks: readonly Attack[] = [...RPMS, ...DEBS, ...NEEDS];
