import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { copyFileSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { describeRpm, readRpmHead, type RpmHead } from '../../../src/trust/rpm-header.ts';
import { checkRpmPrefix, verifyRpm, type RpmItem } from '../../../src/trust/rpm-verify.ts';
import type { BuildId, Digest, Evidence, Fingerprint, RepositoryTrust, TrustRequirement } from '../../../src/types.ts';
import { GpgHome, type TestKey } from '../../helpers/gpg.ts';
import { kernelBuild, openRpmLab } from '../../helpers/rpm-lab.ts';
import { headerTags, type Tags, writeRpm } from '../../helpers/rpm-writer.ts';
import { runLocally } from '../../helpers/run.ts';

const NAME = 'kernel-devel';
const VERSION = '5.14.0-503.11.1.el9_5';
const BUILD_ID = '5f'.repeat(20) as BuildId;
const lab = openRpmLab();
const home = new GpgHome();
const keys: Record<string, TestKey> = {};
let unsigned = '';
let copies = 0;

beforeAll(() => {
  const builds = lab.build(kernelBuild('5.14.0', '503.11.1.el9_5'));
  unsigned = builds[NAME] ?? '';
  keys['rsa'] = home.makeKey('rsa', 'rsa2048');
  keys['other'] = home.makeKey('other', 'rsa2048');
  keys['short'] = home.makeKey('short', 'rsa1024');
  keys['dsa'] = home.makeKey('dsa', 'dsa1024', { fakeTime: '20140101T000000' });
  keys['expired'] = home.makeKey('expired', 'rsa2048', { fakeTime: '20140101T000000', expires: '10d' });
});
afterAll(() => {
  home.close();
  lab.close();
});

function keyOf(name: string): TestKey {
  const key = keys[name];
  if (key === undefined) throw new Error(`no key ${name}`);
  return key;
}

function newPath(): string {
  copies += 1;
  return join(lab.directory, `copy${copies}.rpm`);
}

/** A copy of the unsigned package, signed by rpmsign. */
function signedBy(key: string, digest = 'sha256'): string {
  const path = newPath();
  copyFileSync(unsigned, path);
  lab.sign(path, home, keyOf(key), { digest });
  return path;
}

/** A file written byte by byte, as rpm before 4.14 did, with what gpg signs of it. */
function writeOld(sign: (all: Buffer, header: Buffer) => Tags, extra: Tags = []): string {
  const path = newPath();
  const tags = headerTags(NAME, '5.14.0', '503.11.1.el9_5', extra);
  writeFileSync(
    path,
    writeRpm(tags, Buffer.alloc(100_000, 'payload '), (header, all) => sign(all, header)),
  );
  return path;
}

function detach(data: Buffer, key: string, digest = 'SHA256'): Buffer {
  const time = key === 'expired' ? ['--faked-system-time', '20140105T000000'] : [];
  return home.sign(data, keyOf(key), '--detach-sign', [...time, '--digest-algo', digest]);
}

function trustIn(key: string, more: Partial<RepositoryTrust> = {}): RepositoryTrust {
  const { fingerprint, armored } = keyOf(key);
  return {
    metadata: 'unsigned',
    packages: 'signed',
    fingerprints: [fingerprint],
    keyrings: [armored],
    allow: [],
    ...more,
  };
}

function item(trust: TrustRequirement, more: Partial<RpmItem> = {}): RpmItem {
  const fileName = `${NAME}-${VERSION}.x86_64.rpm`;
  return { name: NAME, version: VERSION, arch: 'x86_64', fileName, sizeBytes: null, trust, ...more };
}

function bySignature(trust: RepositoryTrust, more: { digest?: Digest; vendor?: string } = {}): RpmItem {
  return item({ kind: 'rpm-signature', trust, digest: more.digest ?? null, vendor: more.vendor ?? 'CentOS' });
}

function sha256Of(path: string): Digest {
  return { algorithm: 'sha256', hex: createHash('sha256').update(readFileSync(path)).digest('hex') };
}

async function verify(path: string, wanted: RpmItem): Promise<Evidence> {
  return await verifyRpm(path, wanted, { run: runLocally, signal: new AbortController().signal });
}

async function codeOf(path: string, wanted: RpmItem): Promise<string> {
  try {
    await verify(path, wanted);
    return 'accepted';
  } catch (error) {
    return (error as { code?: string }).code ?? String(error);
  }
}

function headOf(path: string): RpmHead {
  const head = readRpmHead(readFileSync(path));
  if ('needBytes' in head) throw new Error('incomplete');
  return head;
}

/** A copy of a package in which one bit of one byte is another. */
function flipped(path: string, at: (head: RpmHead, bytes: Buffer) => number): string {
  const bytes = readFileSync(path);
  const offset = at(headOf(path), bytes);
  bytes[offset] = (bytes[offset] ?? 0) ^ 1;
  const copy = newPath();
  writeFileSync(copy, bytes);
  return copy;
}

describe('the header of a real package', () => {
  test('says the same as rpm', () => {
    const format = '%{NAME}|%{VERSION}-%{RELEASE}|%{ARCH}|%{VENDOR}|%{BUILDHOST}|%{BUILDTIME}|%{SOURCERPM}';
    const told = spawnSync('rpm', ['-qp', '--qf', format, unsigned], { encoding: 'utf8' }).stdout;
    const found = describeRpm(headOf(unsigned).header);
    expect(
      [found.name, found.version, found.arch, found.vendor, found.buildHost, found.buildTime, found.sourceRpm].join(
        '|',
      ),
    ).toBe(told);
    const provides = spawnSync('rpm', ['-qp', '--provides', unsigned], { encoding: 'utf8' }).stdout.trim().split('\n');
    expect(found.provides).toEqual(provides);
    const requires = spawnSync('rpm', ['-qp', '--requires', unsigned], { encoding: 'utf8' }).stdout.trim().split('\n');
    expect(found.requires.toSorted()).toEqual(requires.toSorted());
  });

  test('is known from its first bytes', () => {
    const bytes = readFileSync(unsigned);
    const wanted = bySignature(trustIn('rsa'));
    expect(checkRpmPrefix(bytes.subarray(0, 1000), wanted)).toBeNull();
    expect(checkRpmPrefix(bytes.subarray(0, headOf(unsigned).payloadStart), wanted)).toContain(
      `header says ${NAME}-${VERSION}.x86_64`,
    );
    expect(() => checkRpmPrefix(bytes, { ...wanted, version: '5.14.0-503.14.1.el9_5' })).toThrow(
      expect.objectContaining({ code: 'BAD_PACKAGE' }),
    );
  });
});

describe('a package signed by rpmsign', () => {
  test('by the pinned key is accepted, and the evidence says by whom', async () => {
    const path = signedBy('rsa');
    const evidence = await verify(path, bySignature(trustIn('rsa'), { digest: sha256Of(path) }));
    expect(evidence).toMatchObject({ signer: keyOf('rsa').fingerprint, sha256: sha256Of(path).hex });
    expect(evidence.checks).toEqual([
      `header says ${NAME}-${VERSION}.x86_64`,
      'vendor is CentOS',
      'header has the sha256 that the package states',
      'header has the sha1 that the package states',
      'length is the one that the package states',
      'payload has the sha256 that the header states',
      'file has the sha256 that the index names',
      `header signed by ${keyOf('rsa').fingerprint}`,
    ]);
  });

  test('by a key that is not pinned is UNKNOWN_KEY', async () => {
    const trust = trustIn('rsa', { keyrings: [keyOf('rsa').armored, keyOf('other').armored] });
    expect(await codeOf(signedBy('other'), bySignature(trust))).toBe('UNKNOWN_KEY');
  });

  test('by a key that is in no keyring is UNKNOWN_KEY', async () => {
    expect(await codeOf(signedBy('other'), bySignature(trustIn('rsa')))).toBe('UNKNOWN_KEY');
  });

  test.each([
    ['SHA-1', 'rsa', 'sha1', ['sha1']],
    ['DSA', 'dsa', 'sha256', ['dsa']],
    ['a short RSA key', 'short', 'sha256', ['short-rsa']],
  ] as const)('with %s is weak, and accepted where the source allows it by name', async (_, key, digest, allow) => {
    const path = signedBy(key, digest);
    expect(await codeOf(path, bySignature(trustIn(key)))).toBe('WEAK_SIGNATURE');
    const evidence = await verify(path, bySignature(trustIn(key, { allow })));
    expect(evidence.checks.at(-1)).toContain(`accepted though it is ${allow.join(', ')}`);
  });

  test.each([
    ['the first byte of the header structure', (head: RpmHead) => head.headerStart],
    ['the vendor in the header', (_: RpmHead, bytes: Buffer) => bytes.indexOf('CentOS', headOf(unsigned).headerStart)],
    ['the last byte of the header', (head: RpmHead) => head.payloadStart - 1],
    ['the payload', (head: RpmHead) => head.payloadStart + 20],
    ['the last byte', (_: RpmHead, bytes: Buffer) => bytes.length - 1],
  ])('with one bit changed in %s is refused', async (_, at) => {
    const code = await codeOf(flipped(signedBy('rsa'), at), bySignature(trustIn('rsa')));
    expect(code).toMatch(/^(?:BAD_PACKAGE|VENDOR_MISMATCH|BAD_SIGNATURE)$/);
  });

  test('with one bit changed in the signature is BAD_SIGNATURE', async () => {
    const path = signedBy('rsa');
    const packet = headOf(path).signature.binary(268) ?? Buffer.alloc(0);
    const copy = flipped(path, (_, bytes) => bytes.indexOf(packet) + packet.length - 5);
    expect(await codeOf(copy, bySignature(trustIn('rsa')))).toBe('BAD_SIGNATURE');
  });

  test('whose header digests were made to fit a changed header is BAD_SIGNATURE', async () => {
    // What an attacker would do: everything that needs no key is put right again.
    const bytes = readFileSync(signedBy('rsa'));
    const path = newPath();
    writeFileSync(path, bytes);
    const head = headOf(path);
    const before = ['sha256', 'sha1'].map((kind) => createHash(kind).update(head.header.bytes).digest('hex'));
    bytes[bytes.indexOf('build-1.example.org', head.headerStart)] = 0x42;
    const changed = bytes.subarray(head.headerStart, head.payloadStart);
    ['sha256', 'sha1'].forEach((kind, at) => {
      bytes.write(createHash(kind).update(changed).digest('hex'), bytes.indexOf(before[at] ?? ''), 'latin1');
    });
    writeFileSync(path, bytes);
    expect(await codeOf(path, bySignature(trustIn('rsa')))).toBe('BAD_SIGNATURE');
  });

  test('cut short is refused wherever the cut is', async () => {
    const path = signedBy('rsa');
    const bytes = readFileSync(path);
    const { headerStart, payloadStart } = headOf(path);
    for (const length of [0, 50, headerStart + 8, payloadStart - 1, payloadStart, bytes.length - 1]) {
      const copy = newPath();
      writeFileSync(copy, bytes.subarray(0, length));
      expect(await codeOf(copy, bySignature(trustIn('rsa')))).toBe('BAD_PACKAGE');
    }
  });

  test('with bytes behind its end is refused', async () => {
    const path = signedBy('rsa');
    writeFileSync(path, Buffer.concat([readFileSync(path), Buffer.from('more')]));
    expect(await codeOf(path, bySignature(trustIn('rsa')))).toBe('BAD_PACKAGE');
  });
});

describe('an unsigned package', () => {
  test('that rpmkeys -K passes is UNSIGNED', async () => {
    const told = spawnSync('rpmkeys', ['-K', unsigned], { encoding: 'utf8' });
    expect([told.status, told.stdout.trim().endsWith('digests OK')]).toEqual([0, true]);
    expect(await codeOf(unsigned, bySignature(trustIn('rsa'), { digest: sha256Of(unsigned) }))).toBe('UNSIGNED');
  });

  test('is accepted for a digest in signed metadata, and the evidence says so', async () => {
    const signer = keyOf('rsa').fingerprint;
    const index = 'https://m.example/repodata/repomd.xml';
    const evidence = await verify(unsigned, item({ kind: 'signed-index', digest: sha256Of(unsigned), signer, index }));
    expect(evidence.signer).toBe(signer);
    expect(evidence.checks.at(-1)).toBe(`the index ${index} is signed by ${signer}`);
  });

  test('with another digest than the signed metadata names is DIGEST_MISMATCH', async () => {
    const digest = { algorithm: 'sha256', hex: '0'.repeat(64) } as const;
    const trust = { kind: 'signed-index', digest, signer: 'A'.repeat(40) as Fingerprint, index: 'x' } as const;
    expect(await codeOf(unsigned, item(trust))).toBe('DIGEST_MISMATCH');
  });

  test('with a digest that nobody signed is UNSIGNED', async () => {
    const trust = { kind: 'unsigned-index', digest: sha256Of(unsigned), index: 'x', buildId: null } as const;
    expect(await codeOf(unsigned, item(trust))).toBe('UNSIGNED');
    expect(await codeOf(unsigned, item({ ...trust, buildId: BUILD_ID }))).toBe('UNSIGNED');
  });

  test("that names the kernel's build-id is UNSIGNED all the same, until that was allowed by name", async () => {
    const buildIdTags: Tags = [
      [1047, { texts: ['debuginfo(build-id)'] }],
      [1112, { numbers: [8] }],
      [1113, { texts: [BUILD_ID] }],
    ];
    const path = writeOld(() => [], buildIdTags);
    const trust = trustIn('rsa', { packages: 'unsigned' });
    const wanted = { kind: 'rpm-signature', trust, digest: null, vendor: null } as const;
    expect(await codeOf(path, item({ ...wanted, buildId: BUILD_ID }))).toBe('UNSIGNED');
    expect(await codeOf(path, item(wanted))).toBe('UNSIGNED');
    const allowed = { run: runLocally, signal: new AbortController().signal, allowUnsigned: true };
    const evidence = await verifyRpm(path, item({ ...wanted, buildId: BUILD_ID }), allowed);
    expect(evidence.signer).toBeNull();
    expect(evidence.checks.at(-1)).toBe(
      `names the kernel's build-id ${BUILD_ID}; accepted unsigned, by --allow-unsigned-packages, because its source does not sign packages`,
    );
    const other = item({ ...wanted, buildId: '00'.repeat(20) as BuildId });
    await expect(verifyRpm(path, other, allowed)).rejects.toMatchObject({ code: 'BUILD_ID_MISMATCH' });
  });
});

describe('a package of the time before rpm 4.14', () => {
  test('is accepted for a signature over header and payload', async () => {
    const path = writeOld((all) => [[1002, { bytes: detach(all, 'rsa') }]]);
    const evidence = await verify(path, bySignature(trustIn('rsa')));
    expect(evidence.checks.at(-1)).toBe(`header and payload signed by ${keyOf('rsa').fingerprint}`);
    expect(evidence.checks).toContain(
      'header and payload have the MD5 that the package states, which shows a whole file and no more',
    );
  });

  test('DSA with SHA-1, as CentOS 5 signed, needs both allowed', async () => {
    const path = writeOld((all) => [[1005, { bytes: detach(all, 'dsa', 'SHA1') }]]);
    expect(await codeOf(path, bySignature(trustIn('dsa', { allow: ['dsa'] })))).toBe('WEAK_SIGNATURE');
    expect(await codeOf(path, bySignature(trustIn('dsa', { allow: ['dsa', 'sha1'] })))).toBe('accepted');
  });

  test('by a key that has expired since is EXPIRED_KEY, not bad', async () => {
    const path = writeOld((all) => [[1002, { bytes: detach(all, 'expired') }]]);
    expect(await codeOf(path, bySignature(trustIn('expired')))).toBe('EXPIRED_KEY');
    expect(await codeOf(path, bySignature(trustIn('expired', { allow: ['expired-key'] })))).toBe('accepted');
  });

  test('whose signature covers the header alone is UNSIGNED: nothing vouches for the payload', async () => {
    const path = writeOld((_, header) => [[268, { bytes: detach(header, 'rsa') }]]);
    await expect(verify(path, bySignature(trustIn('rsa')))).rejects.toMatchObject({
      code: 'UNSIGNED',
      message: expect.stringContaining('covers the header alone') as unknown,
    });
  });

  test('with a changed payload whose MD5 was put right is BAD_SIGNATURE', async () => {
    const signed = writeOld((all) => [[1002, { bytes: detach(all, 'rsa') }]]);
    const packet = headOf(signed).signature.binary(1002) ?? Buffer.alloc(0);
    const path = newPath();
    const tags = headerTags(NAME, '5.14.0', '503.11.1.el9_5');
    writeFileSync(
      path,
      writeRpm(tags, Buffer.alloc(100_000, 'PAYLOAD '), () => [[1002, { bytes: packet }]]),
    );
    expect(await codeOf(path, bySignature(trustIn('rsa')))).toBe('BAD_SIGNATURE');
  });

  test('with a whole signed message where its signature should be is BAD_PACKAGE', async () => {
    const input = join(lab.directory, 'message');
    writeFileSync(input, 'signed, but something else');
    const message = home.gpg(['--local-user', keyOf('rsa').fingerprint, '--output', '-', '--sign', input]);
    const path = writeOld(() => [[1002, { bytes: message }]]);
    expect(await codeOf(path, bySignature(trustIn('rsa')))).toBe('BAD_PACKAGE');
  });
});

describe('the signature of rpm 6', () => {
  test('a list in base64 over the header, which names the payload', async () => {
    const payload = Buffer.alloc(1000, 'x');
    const tags = headerTags(NAME, '5.14.0', '503.11.1.el9_5', [
      [5092, { texts: [createHash('sha256').update(payload).digest('hex')] }],
      [5093, { numbers: [8] }],
    ]);
    const path = newPath();
    writeFileSync(
      path,
      writeRpm(tags, payload, (header) => [[278, { texts: [detach(header, 'rsa').toString('base64')] }]]),
    );
    const evidence = await verify(path, bySignature(trustIn('rsa')));
    expect(evidence.checks.at(-1)).toBe(`header signed by ${keyOf('rsa').fingerprint}`);
  });
});

describe('another package than the plan names', () => {
  const expects = {
    vendor: 'CentOS',
    buildHost: 'build-1.example.org',
    buildTime: 1_700_000_000,
    sourceRpm: null,
    provides: [],
  };

  test.each([
    ['another version', { version: '5.14.0-503.14.1.el9_5' }],
    ['another epoch', { version: `1:${VERSION}` }],
    ['another name', { name: 'kernel-debug-devel' }],
    ['another architecture', { arch: 'aarch64' }],
    ['another build host', { expects: { ...expects, buildHost: 'sl7.example.org' } }],
    ['another build time', { expects: { ...expects, buildTime: 1 } }],
    ['another source package', { expects: { ...expects, sourceRpm: 'kernel-rt-1-1.src.rpm' } }],
    ['no such capability', { expects: { ...expects, provides: ['kernel-devel-uname-r = 5.14.0-1.x86_64'] } }],
  ])('%s is BAD_PACKAGE', async (_, more) => {
    expect(await codeOf(signedBy('rsa'), { ...bySignature(trustIn('rsa')), ...more })).toBe('BAD_PACKAGE');
  });

  test('what the plan expects of its build is held against the header', async () => {
    const provides = [`kernel-devel-uname-r = ${VERSION}.x86_64`];
    const evidence = await verify(signedBy('rsa'), {
      ...bySignature(trustIn('rsa')),
      expects: { ...expects, provides },
    });
    expect(evidence.checks).toContain(`provides ${provides[0]}`);
  });

  test('the same name and version by another vendor is VENDOR_MISMATCH with both', async () => {
    await expect(
      verify(signedBy('rsa'), bySignature(trustIn('rsa'), { vendor: 'Scientific Linux' })),
    ).rejects.toMatchObject({ code: 'VENDOR_MISMATCH', facts: { found: 'CentOS', expected: 'Scientific Linux' } });
  });

  test('another length than the index names is SIZE_MISMATCH', async () => {
    expect(await codeOf(signedBy('rsa'), { ...bySignature(trustIn('rsa')), sizeBytes: 5 })).toBe('SIZE_MISMATCH');
  });

  test('a file that is not there is NOT_FOUND', async () => {
    expect(await codeOf(join(lab.directory, 'absent.rpm'), bySignature(trustIn('rsa')))).toBe('NOT_FOUND');
  });
});
