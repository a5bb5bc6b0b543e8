/** The user's own gpg, as it signs what leaves this machine. */
import { signText } from '../bundle/sign.ts';
import type { Session } from '../pipeline/session.ts';
import type { Context } from './context.ts';

/** What gpg and its agent need of the environment to find the user's keys and to ask for a passphrase. */
const GPG_ENV = ['GNUPGHOME', 'GPG_TTY', 'DISPLAY', 'WAYLAND_DISPLAY', 'XDG_RUNTIME_DIR', 'TERM'] as const;

/** Makes the armored signature of a text. @throws TapprepError TOOL_MISSING, UNKNOWN_KEY */
export type PgpSigner = (text: string) => Promise<string>;

/** @param key what gpg takes for --local-user */
export function openPgpSigner(
  { env }: Pick<Context, 'env'>,
  { local }: Pick<Session, 'local'>,
  key: string,
): PgpSigner {
  const kept = Object.fromEntries(GPG_ENV.flatMap((name) => (env[name] === undefined ? [] : [[name, env[name]]])));
  return (text) => signText(text, key, (argv, runOptions) => local.run(argv, runOptions), kept);
}
