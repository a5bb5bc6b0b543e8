/** The options that say what policy on modules a rehearsal's guest has. */
import { tmpdir } from 'node:os';
import { TapprepError } from '../errors.ts';
import { withTemporaryDirectory } from '../files/temporary-directory.ts';
import { createLocalHost } from '../host/local.ts';
import { createModuleKey } from '../sign/create-key.ts';
import type { ModuleSigner } from '../sign/module-signer.ts';
import { openModuleSigner } from '../sign/module-signer.ts';
import type { PolicyWish } from '../verify/guest-policy.ts';
import type { Context } from './context.ts';
import { type ModuleKeyRequest, openSigner } from './module-key.ts';
import { type OptionRow, type Raw, readText } from './options.ts';

export const GUEST_POLICY: readonly OptionRow[] = [
  [
    '--secure-boot <off|db|mok>',
    'boot by UEFI firmware that has the key of --module-key: db and mok with Secure Boot on, off without',
    'SystemTap:',
  ],
  ['--lockdown <integrity|confidentiality>', 'lock the guest down', 'SystemTap:'],
  ['--sig-enforce', 'let the guest take signed modules only (module.sig_enforce=1)', 'SystemTap:'],
];

const MODES = ['off', 'db', 'mok'] as const;
const LEVELS = ['integrity', 'confidentiality'] as const;

/** null where none was asked for. @throws TapprepError USAGE */
export function readGuestPolicy(raw: Raw): PolicyWish | null {
  const [secureBoot, lockdown] = [
    choose(raw, 'secureBoot', '--secure-boot', MODES),
    choose(raw, 'lockdown', '--lockdown', LEVELS),
  ];
  const sigEnforce = raw['sigEnforce'] === true;
  return secureBoot === null && lockdown === null && !sigEnforce ? null : { secureBoot, lockdown, sigEnforce };
}

function choose<Word extends string>(raw: Raw, name: string, flag: string, words: readonly Word[]): Word | null {
  const given = readText(raw, name);
  const known = words.find((word) => word === given);
  if (given === null || known !== undefined) return known ?? null;
  throw new TapprepError('USAGE', `${flag} is ${words.join(' or ')}, but "${given}" was given`);
}

/** The signer that was named; for firmware without one, a key that is made for this rehearsal and kept nowhere. */
export async function openGuestSigner(
  context: Context,
  request: ModuleKeyRequest | null,
  policy: PolicyWish | null,
): Promise<ModuleSigner | null> {
  if (request !== null || policy?.secureBoot == null) return openSigner(context, request);
  const { now, signal, emit } = context;
  const tools = { local: createLocalHost(), temporaryDirectory: tmpdir(), now, signal };
  emit({ type: 'note', level: 'info', text: 'modules are signed by a key that is made for this rehearsal alone' });
  return withTemporaryDirectory(tmpdir(), 'tapprep-key-', async (directory) => {
    const { files } = await createModuleKey(directory, 'tapprep rehearsal', null, tools);
    return openModuleSigner(
      { key: { kind: 'file', path: files.key }, certificate: files.certificate, allowExpired: true },
      { ...tools, env: {}, askSecret: () => Promise.resolve(null) },
    );
  });
}
