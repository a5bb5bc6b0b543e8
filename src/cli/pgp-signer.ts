/** The user's own gpg, as it signs what leaves this machine. */
import { requireSecretKey, signText } from '../bundle/sign.ts';
import type { Host } from '../host/host.ts';
import type { Session } from '../pipeline/session.ts';
import type { Context } from './context.ts';

/** What gpg and its agent need of the environment to find the user's keys and to ask for a passphrase. */
const GPG_ENV = ['GNUPGHOME', 'GPG_TTY', 'DISPLAY', 'WAYLAND_DISPLAY', 'XDG_RUNTIME_DIR', 'TERM'] as const;

/** Makes the armored signature of a text. @throws TapprepError TOOL_MISSING, UNKNOWN_KEY */
export type PgpSigner = (text: string) => Promise<string>;

/** @param key what gpg takes for --local-user @throws TapprepError TOOL_MISSING, UNKNOWN_KEY before anything is made for it */
export async function openPgpSigner(
  { env }: Pick<Context, 'env'>,
  { local }: Pick<Session, 'local'>,
  key: string,
): Promise<PgpSigner> {
  const kept = Object.fromEntries(GPG_ENV.flatMap((name) => (env[name] === undefined ? [] : [[name, env[name]]])));
  const run: Host['run'] = (argv, runOptions) => local.run(argv, runOptions);
  await requireSecretKey(key, run, kept);
  return (text) => signText(text, key, run, kept);
}
