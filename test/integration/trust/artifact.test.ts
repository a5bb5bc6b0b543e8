import { copyFileSync, readFileSync, statSync, truncateSync, writeFileSync } from 'node:fs';
import { createHash } from 'node:crypto';
import { basename, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { verifyArtifact } from '../../../src/trust/artifact.ts';
import type { Artifact, Fingerprint, PlanItem } from '../../../src/types.ts';
import { DebLab } from '../../helpers/deb-lab.ts';
import { GpgHome } from '../../helpers/gpg.ts';
import { runLocally } from '../../helpers/run.ts';

const SIGNER = 'B'.repeat(40) as Fingerprint;
const home = new GpgHome();
const lab = new DebLab(home);
let path = '';

beforeAll(() => {
  path = lab.build('make', '1:4.3-4.1');
});
afterAll(() => {
  lab.close();
  home.close();
});

/** A plan item whose index names the file as it is; `over` replaces what a test is about. */
function itemFor(file: string, over: Partial<PlanItem> = {}): PlanItem {
  const hex = createHash('sha256').update(readFileSync(file)).digest('hex');
  return {
    kind: 'package',
    role: 'toolchain',
    name: 'make',
    version: '1:4.3-4.1',
    arch: 'amd64',
    fileName: basename(file),
    urls: [`http://mirror.example/${basename(file)}`],
    sizeBytes: statSync(file).size,
    installedBytes: null,
    trust: {
      kind: 'signed-index',
      digest: { algorithm: 'sha256', hex },
      signer: SIGNER,
      index: 'http://mirror.example/InRelease',
    },
    match: 'dependency',
    repository: 'main',
    install: true,
    replaces: null,
    ...over,
  };
}

function verify(item: PlanItem, file = path): Promise<Artifact> {
  return verifyArtifact(item, file, { run: runLocally, signal: new AbortController().signal });
}

/** A copy of the package, changed. */
function spoil(name: string, change: (file: string) => void): string {
  const file = join(lab.directory, name);
  copyFileSync(path, file);
  change(file);
  return file;
}

describe('a .deb', () => {
  test.each(['gzip', 'xz', 'zstd', 'none'])('packed by %s becomes an Artifact with its evidence', async (packing) => {
    const file = lab.build(`make-${packing}`, '2-1', { Architecture: 'all' }, packing);
    const item = itemFor(file, { name: `make-${packing}`, version: '2-1', arch: 'all' });
    const artifact = await verify(item, file);
    expect(artifact).toMatchObject({
      item,
      path: file,
      evidence: {
        sha256: createHash('sha256').update(readFileSync(file)).digest('hex'),
        sizeBytes: statSync(file).size,
        signer: SIGNER,
      },
    });
    expect(artifact.evidence.checks).toEqual([
      expect.stringMatching(/^sha256 [0-9a-f]{64} as http:\/\/mirror.example\/InRelease names it$/),
      `the index is signed by ${SIGNER}`,
      `its control file says make-${packing} 2-1 all`,
    ]);
  });

  test('of an unsigned source is refused unless that was allowed by name; then it has no signer, and says so', async () => {
    const { digest } = itemFor(path).trust;
    const trust = { kind: 'unsigned-index', digest: digest!, index: 'http://x/Release', buildId: null } as const;
    await expect(verify(itemFor(path, { trust }))).rejects.toMatchObject({ code: 'UNSIGNED' });
    const allowed = { run: runLocally, signal: new AbortController().signal, allowUnsigned: true };
    const { evidence } = await verifyArtifact(itemFor(path, { trust }), path, allowed);
    expect(evidence.signer).toBeNull();
    expect(evidence.checks).toContain('the index is not signed');
  });

  test.each([
    ['cut off', (file: string) => truncateSync(file, statSync(file).size - 10), 'SIZE_MISMATCH'],
    ['changed in one byte', (file: string) => flipByte(file, 200), 'DIGEST_MISMATCH'],
  ])('%s is refused by the index', async (name, change, code) => {
    await expect(verify(itemFor(path), spoil(`${name}.deb`, change))).rejects.toMatchObject({ code });
  });

  test.each([
    ['another name', { name: 'cmake' }, 'says it is make 1:4.3-4.1 amd64, the index lists it as cmake 1:4.3-4.1 amd64'],
    ['another version', { version: '4.3-4.1' }, 'the index lists it as make 4.3-4.1 amd64'],
    ['another architecture', { arch: 'arm64' }, 'the index lists it as make 1:4.3-4.1 arm64'],
  ])('listed under %s is refused', async (_, over, words) => {
    await expect(verify(itemFor(path, over))).rejects.toMatchObject({
      code: 'BAD_PACKAGE',
      message: expect.stringContaining(words),
    });
  });

  test.each([
    ['is no ar archive', (file: string) => writeFileSync(file, 'PK\u0003\u0004 something else'), 'has no ar magic'],
    [
      'ends inside a member',
      (file: string) => truncateSync(file, statSync(file).size - 10),
      'bytes before its last member does',
    ],
    ['is cut in its first header', (file: string) => truncateSync(file, 40), 'damaged member header'],
    [
      'has a size that is none',
      (file: string) => editText(file, /^(!<arch>\n.{48})\d/s, '$1x'),
      'damaged member header',
    ],
    ['is of another format', (file: string) => editText(file, '2.0\n', '3.0\n'), 'format 2'],
    ['has no control.tar', (file: string) => editText(file, 'control.tar', 'contral.tar'), 'has no control.tar'],
    ['has a control.tar that is damaged', (file: string) => flipByte(file, 180), 'cannot be read'],
  ])('that %s is refused though its digest fits', async (name, change, words) => {
    const file = spoil(`${name.replaceAll(' ', '-')}.deb`, change);
    await expect(verify(itemFor(file), file)).rejects.toMatchObject({
      code: 'BAD_PACKAGE',
      message: expect.stringContaining(words),
    });
  });

  test('without a digest in any index, missing, or of an unknown kind is refused', async () => {
    const { trust } = itemFor(path);
    const short = { ...trust, digest: { algorithm: 'sha256', hex: 'abc' } } as PlanItem['trust'];
    await expect(verify(itemFor(path, { trust: short }))).rejects.toMatchObject({ code: 'BAD_METADATA' });
    await expect(verify(itemFor(path), '/nonexistent.deb')).rejects.toMatchObject({ code: 'NOT_FOUND' });
    await expect(verify(itemFor(path, { fileName: 'make.tar' }))).rejects.toMatchObject({ code: 'BAD_PACKAGE' });
  });
});

function flipByte(file: string, at: number): void {
  const bytes = readFileSync(file);
  bytes[at] = bytes[at]! ^ 0xff;
  writeFileSync(file, bytes);
}

function editText(file: string, from: string | RegExp, to: string): void {
  writeFileSync(file, Buffer.from(readFileSync(file, 'latin1').replace(from, to), 'latin1'));
}
