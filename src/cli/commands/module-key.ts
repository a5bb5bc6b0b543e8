/** `tapprep module-key create|show`: a key that signs modules, how the target comes to trust it, and which keys it trusts. */
import { existsSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { isDescribed, renderRemedies, renderRemedy } from '../../diagnose/render-remedy.ts';
import { readLogFacts } from '../../diagnose/log-facts.ts';
import { describeSituation } from '../../diagnose/situation.ts';
import { EXIT, TapprepError } from '../../errors.ts';
import { createLocalHost } from '../../host/local.ts';
import { REBOOT, tapprep, tapprepAsRoot } from '../../make-remedy.ts';
import { openHost } from '../../pipeline/open-target.ts';
import { describeLoad, foretell } from '../../detect/module-policy.ts';
import { parseModuleCertificate } from '../../sign/certificate.ts';
import { createModuleKey, keyFilesIn } from '../../sign/create-key.ts';
import { readKeyFile } from '../../sign/key-file.ts';
import { findKnownKeys } from '../../sign/known-keys.ts';
import type { HostFacts, Remedy, TargetOptions } from '../../types.ts';
import type { Context } from '../context.ts';
import { readSecretFile } from '../secret.ts';
import { configDirectory } from '../user-directories.ts';

export interface ModuleKeyCreateOptions {
  /** Whose firmware is to know the key. */
  readonly target: TargetOptions;
  /** null: below the user's configuration. */
  readonly dest: string | null;
  /** Common name of the certificate; null for one with the day in it. */
  readonly name: string | null;
  /** Its first line encrypts the key; null for a key that its file's mode protects. */
  readonly passphraseFile: string | null;
}

/** What a common name may hold without having to be quoted in openssl's configuration. */
const NAME = /^[A-Za-z0-9][A-Za-z0-9 ._@-]{0,60}$/;

/** @throws TapprepError USAGE, and of createModuleKey and openHost */
export async function runModuleKeyCreate(context: Context, options: ModuleKeyCreateOptions): Promise<number> {
  const { cwd, now, signal, stdout, common } = context;
  const name = options.name ?? `tapprep modules ${new Date(now()).toISOString().slice(0, 10)}`;
  if (!NAME.test(name))
    throw new TapprepError(
      'USAGE',
      `--name takes letters, digits, blanks and ._@-, at most 61, but "${name}" was given`,
    );
  const { facts } = await openHost(context, options.target);
  const passphrase =
    options.passphraseFile === null ? null : await readSecretFile(resolve(cwd, options.passphraseFile));
  const { files, certificate } = await createModuleKey(directoryFor(context, options.dest), name, passphrase, {
    local: createLocalHost(),
    temporaryDirectory: tmpdir(),
    now,
    signal,
  });
  const steps = enrolSteps(facts, files.der);
  const { place } = describeSituation(readLogFacts([]), facts, null, context.place.reach);
  const commands = renderRemedies(steps, place);
  const key = ['--module-key', files.key, '--module-cert', files.certificate];
  // The key stays here: for a machine that cannot be reached, modules are signed before they are carried there.
  const next = isDescribed(place.reach)
    ? tapprep('bundle', '--compiled', ...key, '--out', 'FILE.tar')
    : tapprepAsRoot('install', ...key);
  const { keyId } = certificate;
  // No key helps a kernel that loads nothing.
  const follows = foretell(facts, null).why === 'no-modules' ? '' : `\nthen: ${renderRemedy(next, place).join('; ')}\n`;
  if (common.json) stdout.json({ name, keyId, files, enrol: { remedies: steps, commands } });
  else
    stdout.write(
      `key: ${files.key} (it signs modules; keep it here, and let nobody read it)\ncertificate: ${files.der}, and in PEM form ${files.certificate}\n"${name}", ${keyId ?? ''}\n\n${describeSteps(facts, commands)}${follows}`,
    );
  return EXIT.done;
}

function directoryFor({ cwd, env }: Context, dest: string | null): string {
  if (dest !== null) return resolve(cwd, dest);
  const configuration = configDirectory(env);
  if (configuration !== null) return join(configuration, 'tapprep', 'module-key');
  throw new TapprepError('USAGE', 'no home is known for this user where the key could be kept', {
    remedy: tapprep('module-key', 'create', '--dest', 'DIR'),
  });
}

export interface ModuleKeyShowOptions {
  readonly target: TargetOptions;
  /** Beside those that are found here; null for none. */
  readonly certificate: string | null;
}

/** Exit 0 when some key here, or none at all, gets a module loaded there; else 1. */
export async function runModuleKeyShow(context: Context, options: ModuleKeyShowOptions): Promise<number> {
  const { cwd, env, now, common, stdout } = context;
  const { facts } = await openHost(context, options.target);
  const configuration = configDirectory(env);
  const own = configuration === null ? [] : [keyFilesIn(join(configuration, 'tapprep', 'module-key')).certificate];
  const given = options.certificate === null ? [] : [resolve(cwd, options.certificate)];
  const known = (await findKnownKeys(createLocalHost())).map(({ certificate }) => certificate);
  const paths = [...given, ...own.filter((path) => existsSync(path)), ...known];
  const keys = await Promise.all(
    paths.map(async (path) => {
      const bytes = await readKeyFile(path, 'certificate');
      const { name, keyId } = parseModuleCertificate(bytes, { path, now: now(), allowExpired: true });
      const verdict = foretell(facts, { name, keyId });
      return { certificate: path, name, keyId, ...verdict, text: describeLoad(verdict, facts, { name, keyId }) };
    }),
  );
  const unsigned = foretell(facts, null);
  if (common.json) stdout.json({ unsigned, keys, trusted: facts.security.trustedKeys ?? null });
  else {
    const lines = keys.map(({ certificate, text }) => `${certificate}: ${text}\n`).join('');
    const none = keys.length === 0 ? 'no key for modules is on this machine: tapprep module-key create\n' : '';
    stdout.write(`${describeLoad(unsigned, facts, null)}\n${lines}${none}`);
  }
  return unsigned.loads === true || keys.some(({ loads }) => loads === true) ? EXIT.done : EXIT.notReady;
}

/** Nothing where there is no firmware that could be asked, or no module to trust. */
function enrolSteps(facts: HostFacts, certificate: string): readonly Remedy[] {
  const { security, packages } = facts;
  if (security.efi === false || foretell(facts, null).why === 'no-modules') return [];
  const hasMokutil = packages.some(({ name }) => name === 'mokutil');
  return [{ kind: 'enrol-module-key', by: 'user', certificate, needsMokutil: !hasMokutil }, REBOOT];
}

function describeSteps(facts: HostFacts, commands: readonly string[]): string {
  const unsigned = foretell(facts, null);
  const outlook = describeLoad(unsigned, facts, null);
  if (unsigned.why === 'no-modules') return `no key helps there: ${outlook}\n`;
  if (facts.security.efi === false)
    return `that machine has no UEFI firmware, so no key of its owner can be enrolled; ${outlook}\n`;
  const lines = commands.map((command) => `  ${command}\n`).join('');
  return `that the kernel trusts it, on the machine where modules are loaded:
${lines}mokutil asks for a password that is used once. At the next boot, within ten seconds, MokManager shows a blue screen:
  press a key; Enroll MOK; Continue; Yes; that password; Reboot
afterwards: mokutil --test-key says that the key is enrolled\n`;
}
