import { execFileSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { isTapprepError } from '../../../src/errors.ts';
import { createModuleKey } from '../../../src/sign/create-key.ts';
import { parseModuleCertificate } from '../../../src/sign/certificate.ts';
import { checkSignedModule, type ModuleKeyChoice, openModuleSigner } from '../../../src/sign/module-signer.ts';
import { MODULE_HASHES, readSignedModule } from '../../../src/sign/module-signature.ts';
import { makeKey, signByKernelTool, signingTools, type TestKey, writeProgram } from '../../helpers/module-keys.ts';

const directory = mkdtempSync(join(tmpdir(), 'tapprep-sign-'));
afterAll(() => rmSync(directory, { recursive: true }));

const module = randomBytes(5000);
const rsa = makeKey(directory, 'rsa');
const ec = makeKey(directory, 'ec', ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-384', '-days', '30']);
const other = makeKey(directory, 'other');

const choiceOf = ({ key, cert }: TestKey): ModuleKeyChoice => ({
  key: { kind: 'file', path: key },
  certificate: cert,
  allowExpired: false,
});
const certificateOf = ({ cert }: TestKey): ReturnType<typeof parseModuleCertificate> =>
  parseModuleCertificate(readFileSync(cert), { path: cert, now: Date.now(), allowExpired: false });

function codeOf(bytes: Buffer): string {
  try {
    checkSignedModule(bytes, 'm.ko', certificateOf(rsa));
    return 'good';
  } catch (error) {
    return isTapprepError(error) ? error.code : String(error);
  }
}

const signed = async (key: TestKey): Promise<Buffer> =>
  (await openModuleSigner(choiceOf(key), signingTools(directory))).sign(module, 'm.ko', 'sha256');
const byProgram = (path: string): ModuleKeyChoice => ({ ...choiceOf(rsa), key: { kind: 'command', path } });
const byToken = (uri: string): ModuleKeyChoice => ({ ...choiceOf(rsa), key: { kind: 'token', uri } });

async function refusal(
  choice: ModuleKeyChoice,
  secret: string | null = null,
): Promise<{ code: string; message: string }> {
  const error: unknown = await openModuleSigner(choice, signingTools(directory, secret)).then(
    () => 'it was opened',
    (caught: unknown) => caught,
  );
  if (!isTapprepError(error)) throw new Error('not refused', { cause: error });
  return { code: error.code, message: error.message };
}

test.each(MODULE_HASHES.filter((hash) => !hash.startsWith('sha3')))(
  'a module that is signed over %s is the one that sign-file makes, byte for byte',
  async (hash) => {
    const judge = join(directory, `${hash}.ko`);
    writeFileSync(judge, module);
    signByKernelTool(hash, rsa, judge);
    const signer = await openModuleSigner(choiceOf(rsa), signingTools(directory));
    expect((await signer.sign(module, 'm.ko', hash)).equals(readFileSync(judge))).toBe(true);
  },
);

test('with an elliptic key only the signature differs from sign-file, and either reads the other', async () => {
  const judge = join(directory, 'ec.ko');
  writeFileSync(judge, module);
  signByKernelTool('sha384', ec, judge);
  const mine = await (await openModuleSigner(choiceOf(ec), signingTools(directory))).sign(module, 'm.ko', 'sha384');
  const [theirs, ours] = [readSignedModule(readFileSync(judge), 'theirs'), readSignedModule(mine, 'ours')];
  expect({ ...ours.signature, value: '' }).toEqual({ ...theirs.signature, value: '' });
  for (const each of [readFileSync(judge), mine])
    expect(() => checkSignedModule(each, 'm.ko', certificateOf(ec))).not.toThrow();
});

test('a module that is signed again has one signature', async () => {
  const signer = await openModuleSigner(choiceOf(rsa), signingTools(directory));
  const once = await signer.sign(module, 'm.ko', 'sha256');
  expect((await signer.sign(once, 'm.ko', 'sha256')).equals(once)).toBe(true);
});

describe('a module is told apart', () => {
  test('signed, altered by one byte, unsigned, signed by another key', async () => {
    const good = await signed(rsa);
    const altered = Buffer.from(good);
    altered[100] = (altered[100] ?? 0) ^ 1;
    expect([good, altered, module, await signed(other)].map(codeOf)).toEqual([
      'good',
      'MODULE_ALTERED',
      'UNSIGNED',
      'UNKNOWN_KEY',
    ]);
  });

  test('a signature that was cut off or overwritten is malformed, and no crash', async () => {
    const good = await signed(rsa);
    for (let at = module.length; at < good.length - 40; at += 7) {
      const broken = Buffer.from(good);
      broken.fill(0xff, at, at + 7);
      expect(['BAD_PACKAGE', 'UNKNOWN_KEY', 'MODULE_ALTERED', 'good']).toContain(codeOf(broken));
    }
    expect(codeOf(good.subarray(module.length + 10))).toBe('BAD_PACKAGE');
  });
});

describe('bad input', () => {
  test('a key that does not match its certificate', async () => {
    const error = await refusal({ ...choiceOf(rsa), certificate: other.cert });
    expect(error.code).toBe('MODULE_KEY_MISMATCH');
    expect(error.message).toBe(
      `${rsa.key} is not the key of the certificate ${other.cert}: its signatures do not fit the public key there`,
    );
  });

  test('an expired certificate, unless it is allowed by name', async () => {
    const old = makeKey(directory, 'old', ['-newkey', 'rsa:2048', '-days', '1']);
    const later = { ...signingTools(directory), now: () => Date.now() + 3 * 86_400_000 };
    const error: unknown = await openModuleSigner(choiceOf(old), later).catch((caught: unknown) => caught);
    expect(error).toMatchObject({ code: 'MODULE_CERT_EXPIRED' });
    expect(await openModuleSigner({ ...choiceOf(old), allowExpired: true }, later)).toBeDefined();
  });

  test.each([
    ['a key usage without digitalSignature', 'keyUsage=keyEncipherment'],
    ['an extended usage without codeSigning', 'extendedKeyUsage=serverAuth'],
  ])('a certificate with %s', async (_name, extension) => {
    const key = makeKey(directory, extension.replaceAll('=', '-'), undefined, [extension]);
    expect((await refusal(choiceOf(key))).code).toBe('MODULE_CERT_USAGE');
  });

  test('a key of a kind that no kernel checks', async () => {
    const key = makeKey(directory, 'ed25519', ['-newkey', 'ed25519', '-days', '30']);
    expect((await refusal(choiceOf(key))).code).toBe('MODULE_CERT_UNUSABLE');
  });

  test('an encrypted key: without terminal, with another passphrase, with its own', async () => {
    const path = join(directory, 'encrypted.key');
    execFileSync('openssl', ['pkey', '-in', rsa.key, '-aes256', '-passout', 'pass:right', '-out', path]);
    const choice: ModuleKeyChoice = { ...choiceOf(rsa), key: { kind: 'file', path } };
    expect((await refusal(choice)).code).toBe('MODULE_KEY_LOCKED');
    expect((await refusal(choice, 'wrong')).code).toBe('MODULE_KEY_LOCKED');
    const signer = await openModuleSigner(choice, signingTools(directory, 'right'));
    expect(codeOf(await signer.sign(module, 'm.ko', 'sha256'))).toBe('good');
  });

  test('files that are not there, or something else', async () => {
    expect((await refusal({ ...choiceOf(rsa), certificate: join(directory, 'none') })).code).toBe('USAGE');
    expect((await refusal({ ...choiceOf(rsa), key: { kind: 'file', path: join(directory, 'none') } })).code).toBe(
      'USAGE',
    );
    expect((await refusal({ ...choiceOf(rsa), certificate: rsa.key })).code).toBe('MODULE_CERT_UNUSABLE');
    expect((await refusal({ ...choiceOf(rsa), key: { kind: 'file', path: rsa.cert } })).code).toBe(
      'MODULE_KEY_UNUSABLE',
    );
  });
});

describe('a program that signs', () => {
  const sign = `perl -e 'print pack "H*", shift' "$2" >"$0.in"; openssl pkeyutl -sign -inkey KEY -in "$0.in" -pkeyopt digest:"$1" | base64 -w 60`;

  test('gets a digest and its signature is taken', async () => {
    const path = writeProgram(join(directory, 'good'), sign.replace('KEY', rsa.key));
    const signer = await openModuleSigner(byProgram(path), signingTools(directory));
    expect(codeOf(await signer.sign(module, 'm.ko', 'sha512'))).toBe('good');
  });

  test('with another key, without an answer, with a failure: each is told before anything is built', async () => {
    const wrong = writeProgram(join(directory, 'wrong'), sign.replace('KEY', other.key));
    const silent = writeProgram(join(directory, 'silent'), 'exit 0');
    const failing = writeProgram(join(directory, 'failing'), 'echo "the service is closed" >&2; exit 3');
    expect((await refusal(byProgram(wrong))).code).toBe('MODULE_KEY_MISMATCH');
    expect((await refusal(byProgram(silent))).code).toBe('MODULE_SIGNING_FAILED');
    expect((await refusal(byProgram(failing))).message).toContain('it ended with status 3: the service is closed');
    expect((await refusal(byProgram(join(directory, 'absent')))).code).toBe('TOOL_MISSING');
  });
});

describe('a PKCS#11 token (SoftHSM)', () => {
  const configuration = join(directory, 'softhsm2.conf');
  writeFileSync(configuration, `directories.tokendir = ${directory}\nobjectstore.backend = file\n`);
  const env = { SOFTHSM2_CONF: configuration };
  const softhsm = (words: readonly string[]): void =>
    void execFileSync('softhsm2-util', words, { env: { ...process.env, ...env }, stdio: 'ignore' });
  softhsm(['--init-token', '--free', '--label', 'fleet', '--pin', '4711', '--so-pin', '0815']);
  softhsm(['--import', rsa.key, '--token', 'fleet', '--label', 'modules', '--id', '01', '--pin', '4711']);
  const uri = 'pkcs11:token=fleet;object=modules;type=private';
  const open = (given: string, secret: string | null): ReturnType<typeof openModuleSigner> =>
    openModuleSigner(byToken(given), { ...signingTools(directory, secret), env });
  const code = async (given: string, secret: string | null): Promise<unknown> =>
    open(given, secret).then(
      () => 'opened',
      (error: unknown) => (isTapprepError(error) ? error.code : error),
    );

  test('signs as the key in a file does, the PIN asked for or from a file', async () => {
    const pin = join(directory, 'pin');
    writeFileSync(pin, '4711\n');
    const byFile = await (
      await openModuleSigner(choiceOf(rsa), signingTools(directory))
    ).sign(module, 'm.ko', 'sha256');
    for (const signer of [await open(uri, '4711'), await open(`${uri}?pin-source=file:${pin}`, null)])
      expect((await signer.sign(module, 'm.ko', 'sha256')).equals(byFile)).toBe(true);
  });

  test('an absent token, an absent key, a wrong PIN, no PIN, a PIN that everybody could read', async () => {
    expect(await code('pkcs11:token=nobody;object=modules', '4711')).toBe('MODULE_TOKEN_UNUSABLE');
    expect(await code('pkcs11:token=fleet;object=nothing', '4711')).toBe('MODULE_TOKEN_UNUSABLE');
    expect(await code(uri, '1234')).toBe('MODULE_TOKEN_UNUSABLE');
    expect(await code(uri, null)).toBe('MODULE_KEY_LOCKED');
    expect(await code(`${uri}?pin-value=4711`, null)).toBe('USAGE');
  });
});

test('a key that is made signs modules, is its owner’s alone, says what it is for, and is never replaced', async () => {
  const made = join(directory, 'made');
  const tools = signingTools(directory);
  const { files, certificate } = await createModuleKey(made, 'web fleet', null, tools);
  expect(statSync(files.key).mode & 0o777).toBe(0o600);
  const signer = await openModuleSigner(choiceOf({ key: files.key, cert: files.der }), tools);
  const mine = await signer.sign(module, 'm.ko', 'sha256');
  expect(() => checkSignedModule(mine, 'm.ko', certificate)).not.toThrow();
  const text = execFileSync('openssl', ['x509', '-in', files.certificate, '-noout', '-text'], { encoding: 'utf8' });
  expect(text).toContain('CA:FALSE');
  expect(text).toMatch(/Code Signing, 1\.3\.6\.1\.4\.1\.2312\.16\.1\.2/);
  expect(certificate.keyId).toMatch(/^[0-9a-f]{40}$/);
  const before = readFileSync(files.key);
  await expect(createModuleKey(made, 'again', null, tools)).rejects.toMatchObject({ code: 'USAGE' });
  expect(readFileSync(files.key).equals(before)).toBe(true);
});

test('a key that is made with a passphrase does not open without it', async () => {
  const { files } = await createModuleKey(join(directory, 'locked'), 'locked', 'open sesame', signingTools(directory));
  const choice = choiceOf({ key: files.key, cert: files.certificate });
  expect((await refusal(choice)).code).toBe('MODULE_KEY_LOCKED');
  expect(await openModuleSigner(choice, signingTools(directory, 'open sesame'))).toBeDefined();
});
