/** What a mirror of a Debian archive, or who stands between, may try: Release files, indexes and packages. */
import { createHash } from 'node:crypto';
import { readFileSync, statSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { gzipSync } from 'node:zlib';
import type { Fingerprint, PlanItem, Repository } from '../../src/types.ts';
import { DebLab } from '../helpers/deb-lab.ts';
import { debRecord, debRepository } from '../helpers/deb-records.ts';
import type { TestKey } from '../helpers/gpg.ts';
import { runLocally } from '../helpers/run.ts';
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
import { clearsign, detach, ed25519, expired, home, IN_2014, owner, makeRevoked, short, stranger } from './keys.ts';

const NOW = Date.parse('2026-11-29T00:00:00Z');
const DAY = 86_400_000;
const VERDICT = 'src/trust/signature-verdict.ts';
const STATUS = 'src/trust/signature-status.ts';
const off = (file: string, text: string, replacement = ''): GuardEdit => ({ file, text, replacement });

/** Nothing is asked of the verdict, and the bytes are handed out whatever it is. */
const ANY_VERDICT = [
  off(VERDICT, "if (verdict.outcome === 'good') return;", 'return;'),
  off('src/trust/gpgv.ts', "verdict.outcome === 'good' && typeof", 'typeof'),
];

function release(fields: Readonly<Record<string, string>> = {}): string {
  const all = { Suite: 'bookworm', Codename: 'bookworm', Date: 'Sat, 28 Nov 2026 00:00:00 UTC', ...fields };
  const head = Object.entries(all).map(([field, value]) => `${field}: ${value}\n`);
  return `${head.join('')}SHA256:\n ${'a'.repeat(64)} 100 main/binary-amd64/Packages\n`;
}

function repository(keys: readonly TestKey[], over: Partial<Repository['trust']> = {}): Repository {
  const trust = { ...debRepository().trust, keyrings: keys.map(({ keyring }) => keyring), ...over };
  return debRepository({ trust });
}

/** What a mirror answers: an InRelease, or a Release with a Release.gpg or without one. */
interface Answer {
  readonly data: string;
  readonly signature?: Buffer | null;
  readonly from?: Repository;
}

async function serve(tree: Tree, { data, signature, from = repository([owner()]) }: Answer): Promise<Outcome> {
  const { trustRelease } = await tree.load<typeof import('../../src/resolve/deb/read-release.ts')>(
    'src/resolve/deb/read-release.ts',
  );
  const fetched = {
    base: 'http://mirror.example/debian/',
    url: 'http://mirror.example/debian/dists/bookworm/InRelease',
    data: Buffer.from(data, 'latin1'),
    signature: signature ?? null,
    inline: signature === undefined,
    documents: [],
  };
  return refusalOf(trustRelease(fetched, from, { run: runLocally, now: () => NOW }), () => 'the index is believed');
}

const release1 = (name: string, guard: readonly GuardEdit[], answer: () => Answer): Attack => ({
  name,
  guard,
  attempt: (tree) => serve(tree, answer()),
});

/** The base64 of an inline signature. */
function body(text: string): string {
  return /SIGNATURE-----\n\n([\s\S]*?)\n=/.exec(text)?.[1] ?? '';
}

const oneGoodOneBad = (): string => {
  const good = clearsign(release(), owner());
  const bad = clearsign(release({ Label: 'another' }), ed25519());
  const both = Buffer.concat([good, bad].map((text) => Buffer.from(body(text), 'base64')));
  const lines = both.toString('base64').match(/.{1,64}/g) ?? [];
  return good.replace(/SIGNATURE-----\n\n[\s\S]*?\n-----END/, `SIGNATURE-----\n\n${lines.join('\n')}\n-----END`);
};

const revokedRelease = once(() => makeRevoked('revoked for archives', (key) => clearsign(release(), key)));

const RELEASES: readonly Attack[] = [
  release1('a Release file that nobody signed', ANY_VERDICT, () => ({ data: release(), signature: Buffer.alloc(0) })),
  release1('a Release file signed by a stranger', ANY_VERDICT, () => ({ data: clearsign(release(), stranger()) })),
  release1('a Release file changed after it was signed', ANY_VERDICT, () => ({
    data: clearsign(release(), owner()).replace('a'.repeat(64), 'b'.repeat(64)),
  })),
  release1('a detached signature of other bytes', ANY_VERDICT, () => ({
    data: release(),
    signature: detach('other bytes', owner()),
  })),
  release1(
    'an InRelease with one good and one bad signature',
    [off(VERDICT, 'if (misfit !== undefined) return judge(misfit, policy);')],
    () => ({ data: oneGoodOneBad(), from: repository([owner(), ed25519()]) }),
  ),
  release1('a Release file by a revoked key', [off(STATUS, "REVKEYSIG: 'revoked-key'", "REVKEYSIG: 'good'")], () => {
    const { key, signed } = revokedRelease();
    return { data: signed, from: repository([key]) };
  }),
  release1('a Release file by an expired key', [off(STATUS, "EXPKEYSIG: 'expired-key'", "EXPKEYSIG: 'good'")], () => ({
    data: clearsign(release(), expired(), IN_2014),
    from: repository([expired()]),
  })),
  release1('a Release file over SHA-1', [off(VERDICT, 'if (hash !== undefined) found.push(hash);')], () => ({
    data: clearsign(release(), owner(), ['--digest-algo', 'SHA1']),
  })),
  release1(
    'a Release file by an RSA key of 1024 bits',
    [off(VERDICT, "if (status.fingerprint !== null && isShortRsa(status, keyring)) found.push('short-rsa');")],
    () => ({ data: clearsign(release(), short()), from: repository([short()]) }),
  ),
  release1(
    'a Release file by another key of the keyring than the one that is pinned',
    [off(VERDICT, 'if (pinned.length === 0) return true;', 'return true;')],
    () => ({
      data: clearsign(release(), stranger()),
      from: repository([owner(), stranger()], { fingerprints: [owner().fingerprint] }),
    }),
  ),
  release1(
    'text behind the signed block, which a reader might take as signed',
    [
      off(
        'src/trust/clearsign.ts',
        "if (lines.slice(at.line + 1).some((line) => trimEnd(line) !== '')) throw damaged(name, 'text after its signature');",
      ),
    ],
    () => ({ data: `${clearsign(release(), owner())}Suite: evil\n` }),
  ),
  release1(
    'another suite, which the same key has signed',
    [off('src/trust/release.ts', 'requireSuite(release, repository, name);')],
    () => ({ data: clearsign(release({ Suite: 'stretch', Codename: 'stretch' }), owner()) }),
  ),
  release1(
    'an old index, replayed after its Valid-Until',
    [off('src/trust/release.ts', 'now <= release.validUntil', 'now > 0')],
    () => ({
      data: clearsign(release({ 'Valid-Until': new Date(NOW - DAY).toUTCString().replace('GMT', 'UTC') }), owner()),
    }),
  ),
  release1(
    'an index of tomorrow, for a clock that was put back',
    [off('src/trust/release.ts', 'requirePast(release, name, now);')],
    () => ({
      data: clearsign(release({ Date: new Date(NOW + 9 * DAY).toUTCString().replace('GMT', 'UTC') }), owner()),
    }),
  ),
];

// ---------------------------------------------------------------- indexes and packages

const lab = once(() => {
  const made = new DebLab(home());
  atEnd(() => made.close());
  return made;
});
const deb = once(() => lab().build('make', '4.3-4', {}, 'gzip', { 'usr/bin/make': 'make' }));
const otherDeb = once(() => lab().build('make-other', '4.3-4', {}, 'gzip', { 'usr/bin/make': 'not make' }));

function sha256Of(path: string): string {
  return createHash('sha256').update(readFileSync(path)).digest('hex');
}

function itemOf(path: string, over: Partial<PlanItem> = {}): PlanItem {
  const digest = { algorithm: 'sha256', hex: sha256Of(path) } as const;
  return {
    kind: 'package',
    role: 'toolchain',
    name: 'make',
    version: '4.3-4',
    arch: 'amd64',
    fileName: basename(path),
    urls: [],
    sizeBytes: statSync(path).size,
    installedBytes: null,
    trust: { kind: 'signed-index', digest, signer: 'A'.repeat(40) as Fingerprint, index: 'http://m.example/InRelease' },
    match: 'dependency',
    repository: 'main',
    install: true,
    replaces: null,
    ...over,
  };
}

async function verify(tree: Tree, item: PlanItem, path: string): Promise<Outcome> {
  const { verifyArtifact } = await tree.load<typeof import('../../src/trust/artifact.ts')>('src/trust/artifact.ts');
  const context = { run: runLocally, signal: new AbortController().signal };
  return refusalOf(verifyArtifact(item, path, context), () => 'the package is installed as root');
}

const IDENTITY = off('src/trust/artifact.ts', 'if (stated !== wanted) {', "if (stated === '') {");

const PACKAGES: readonly Attack[] = [
  {
    name: 'a package with other bytes than the signed index names',
    guard: [off('src/trust/checksums.ts', 'if (found !== expected.hex) {', "if (found === '') {")],
    attempt: (tree) => {
      const path = join(tree.scratch(), basename(deb()));
      const bytes = readFileSync(deb());
      bytes[bytes.length - 1] = (bytes.at(-1) ?? 0) ^ 1;
      writeFileSync(path, bytes);
      return verify(tree, itemOf(deb()), path);
    },
  },
  {
    name: 'a package with more bytes than the signed index names',
    guard: [
      off(
        'src/trust/checksums.ts',
        'if (sizeBytes !== null && hashed.sizeBytes !== sizeBytes) {',
        'if (hashed.sizeBytes < 0) {',
      ),
    ],
    attempt: (tree) => verify(tree, itemOf(deb(), { sizeBytes: 1 }), deb()),
  },
  {
    name: 'another package under the name of a wanted one',
    guard: [IDENTITY],
    attempt: (tree) => verify(tree, itemOf(otherDeb()), otherDeb()),
  },
  {
    name: 'an older version, signed too, under the name of the wanted one',
    guard: [IDENTITY],
    attempt: (tree) => verify(tree, itemOf(deb(), { version: '4.4-1' }), deb()),
  },
  {
    name: 'a package of an index that nobody signed',
    guard: [
      off(
        'src/trust/artifact.ts',
        "trust.kind === 'unsigned-index' && context.allowUnsigned !== true",
        'context === null',
      ),
    ],
    attempt: (tree) => {
      const { trust } = itemOf(deb());
      const { digest } = trust;
      if (digest === null) throw new Error('no digest');
      const unsigned = { kind: 'unsigned-index', digest, index: 'http://m.example/Release', buildId: null } as const;
      return verify(tree, itemOf(deb(), { trust: unsigned }), deb());
    },
  },
  {
    name: 'an index whose digest only a SHA-1 names',
    guard: [
      off(
        'src/trust/artifact.ts',
        "(trust.kind === 'signed-index' && trust.digest.algorithm === 'sha1')",
        'trust === null',
      ),
    ],
    attempt: (tree) => {
      const hex = createHash('sha1').update(readFileSync(deb())).digest('hex');
      const digest = { algorithm: 'sha1', hex } as const;
      return verify(tree, itemOf(deb(), { trust: { ...itemOf(deb()).trust, digest } as PlanItem['trust'] }), deb());
    },
  },
  {
    name: 'a Packages index with other bytes than the signed Release names',
    guard: [
      off(
        'src/trust/bundled-index.ts',
        'hex.sha256 !== entry.sha256 || sizeBytes !== entry.sizeBytes',
        'sizeBytes < 0',
      ),
    ],
    attempt: async (tree) => {
      const { readBundledIndex } =
        await tree.load<typeof import('../../src/trust/bundled-index.ts')>('src/trust/bundled-index.ts');
      const directory = tree.scratch();
      const text = `Package: make\nVersion: 4.3-4\nArchitecture: amd64\nFilename: pool/make.deb\nSize: 1\nSHA256: ${sha256Of(deb())}\n`;
      const list = join(directory, 'Packages.gz');
      writeFileSync(list, gzipSync(text.replace(sha256Of(deb()), 'e'.repeat(64))));
      const honest = gzipSync(text);
      const row = ` ${createHash('sha256').update(honest).digest('hex')} ${honest.length} contrib/binary-amd64/Packages.gz\n`;
      writeFileSync(join(directory, 'InRelease'), clearsign(`${release()}${row}`, owner()));
      const files = {
        url: 'http://m.example/InRelease',
        release: join(directory, 'InRelease'),
        signature: null,
        packages: [{ name: 'contrib/binary-amd64/Packages.gz', path: list }],
      };
      const context = { run: runLocally, now: () => NOW, signal: new AbortController().signal };
      const read = readBundledIndex(files, repository([owner()]), 'amd64', () => true, context);
      return refusalOf(read, ({ records }) => `${records.length} package with a digest of the attacker's is believed`);
    },
  },
  {
    name: 'a second archive with other bytes under one name and version gets its address into the plan',
    guard: [off('src/resolve/deb/pool.ts', 'else if (first.digest?.hex === record.digest?.hex)', 'else')],
    attempt: async (tree) => {
      const { createPool } = await tree.load<typeof import('../../src/resolve/deb/pool.ts')>('src/resolve/deb/pool.ts');
      const evil = debRepository({ id: 'evil', baseUrls: ['http://evil.example/'] });
      const honest = debRecord('make', '4.3-4');
      const other = debRecord('make', '4.3-4', { repository: evil });
      const changed = { ...other, digest: { algorithm: 'sha256', hex: 'e'.repeat(64) } as const };
      const urls = createPool([honest, changed])
        .versions('make')
        .flatMap((record) => record.urls);
      const there = urls.filter((url) => url.startsWith('http://evil.example/'));
      return there.length === 0 ? held('only the bytes of the first are asked for') : succeeded(there.join(', '));
    },
  },
];

export const attacks: readonly Attack[] = [...RELEASES, ...PACKAGES];
