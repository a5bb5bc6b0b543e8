/** A carried rpm whose signer nobody here knows, on a machine that has keys of the target, as every machine does since some are shipped. */
import { createHash } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { ERROR_CODES, EXIT } from '../../../src/errors.ts';
import { type Authority, type CarriedFile, judgeFile, type Judgement } from '../../../src/trust/judge.ts';
import type { PlanItem, Sha256 } from '../../../src/types.ts';
import { failureOf } from '../../helpers/failure-of.ts';
import { GpgHome, type TestKey } from '../../helpers/gpg.ts';
import { headerTags, writeRpm } from '../../helpers/rpm-writer.ts';
import { runLocally } from '../../helpers/run.ts';

const work = mkdtempSync(join(tmpdir(), 'judge-'));
const gpg = new GpgHome();
const PAYLOAD = Buffer.alloc(2000, 'payload ');
let known: TestKey;
let stranger: TestKey;
let mine: TestKey;

beforeAll(() => {
  [known, stranger, mine] = ['known', 'stranger', 'mine'].map((name) => gpg.makeKey(name, 'rsa2048')) as [
    TestKey,
    TestKey,
    TestKey,
  ];
});
afterAll(() => {
  gpg.close();
  rmSync(work, { recursive: true });
});

const digest = (bytes: Uint8Array): Sha256 => createHash('sha256').update(bytes).digest('hex') as Sha256;

function judge(signer: TestKey, over: Partial<Authority>): Promise<Judgement> {
  const tags = headerTags('kernel-devel', '5.14.0', '1.el9', [
    [5092, { texts: [digest(PAYLOAD)] }],
    [5093, { numbers: [8] }],
  ]);
  const bytes = writeRpm(tags, PAYLOAD, (signed) => [[268, { bytes: gpg.sign(signed, signer, '--detach-sign') }]]);
  const path = join(work, 'carried.rpm');
  writeFileSync(path, bytes);
  const item = { kind: 'package', role: 'devel', name: 'kernel-devel', version: '5.14.0-1.el9', arch: 'x86_64' };
  const rest = { fileName: 'carried.rpm', urls: [], sizeBytes: null, installedBytes: null, match: 'exact' };
  const file = { item: { ...item, ...rest, install: true, replaces: null } as unknown as PlanItem, path };
  const authority: Authority = {
    listed: () => ({ unchecked: 'no index' }),
    packageTrusts: [
      { metadata: 'unsigned', packages: 'signed', fingerprints: [], keyrings: [known.keyring], allow: [] },
    ],
    vendorOf: () => null,
    owner: null,
    allowUnchecked: false,
    allowUnsigned: false,
    ...over,
  };
  const carried: CarriedFile = { ...file, sha256: digest(bytes) };
  return judgeFile(carried, authority, { run: runLocally, signal: new AbortController().signal });
}

test('it is refused as signed by an unknown key: exit 4', async () => {
  const error = await failureOf(judge(stranger, {}));
  expect([error.code, EXIT[ERROR_CODES[error.code].exit]]).toEqual(['UNKNOWN_KEY', 4]);
});

test('--allow-unchecked-evidence does not let it in, since keys to check it with are here: exit 4', async () => {
  const error = await failureOf(judge(stranger, { allowUnchecked: true }));
  expect([error.code, EXIT[ERROR_CODES[error.code].exit]]).toEqual(['UNKNOWN_KEY', 4]);
});

test("--bundle-keyring does: the user's own key signed the digests of everything", async () => {
  const verdict = await judge(stranger, { owner: mine.fingerprint });
  expect(verdict).toMatchObject({ artifact: { evidence: { signer: mine.fingerprint } } });
});

test("what the target's key signed is checked by that key, also in a bundle that the user signed", async () => {
  const verdict = await judge(known, { owner: mine.fingerprint });
  expect(verdict).toMatchObject({ artifact: { evidence: { signer: known.fingerprint } } });
});
