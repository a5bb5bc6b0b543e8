/** The list beside a signed bundle that is checked before anything in it is unpacked, by gpgv and sha256sum alone. */
import { basename } from 'node:path';
import { hashFile } from '../files/hash-file.ts';
import { writeWhole } from '../files/write-whole.ts';
import { quoteCommand, quoteWord } from '../shell-words.ts';

/** Absolute paths beside the bundle. */
export interface FirstStep {
  /** One line of sha256sum over the whole bundle. */
  readonly sums: string;
  /** Its detached, armored signature. */
  readonly signature: string;
}

/**
 * Writes OUT.sha256 and OUT.sha256.asc.
 * @param sign returns the armored signature of a text
 * @throws TapprepError NO_SPACE | PERMISSION | INTERRUPTED, and what signing may fail by
 */
export async function writeFirstStep(
  out: string,
  sign: (text: string) => Promise<string>,
  signal: AbortSignal,
): Promise<FirstStep> {
  const { hex } = await hashFile(out, ['sha256'], signal);
  const text = `${hex.sha256}  ${basename(out)}\n`;
  const step = { sums: `${out}.sha256`, signature: `${out}.sha256.asc` };
  const signature = await sign(text);
  await writeWhole(step.sums, text, { mode: 'user' });
  await writeWhole(step.signature, signature, { mode: 'user' });
  return step;
}

/**
 * The command for the other side, in the directory that holds the three files. gpgv ends with 0 for a key that has expired
 * or was revoked as well: only GOODSIG is neither.
 * @param keyring a word for the file that holds the signer's public key
 */
export function renderFirstStep({ sums, signature }: FirstStep, keyring: string): string {
  const [list, made] = [basename(sums), basename(signature)];
  const verify = quoteCommand(['gpgv', '--status-fd', '1', '--keyring', keyring, `./${made}`, `./${list}`]);
  return `${verify} | grep -q '^\\[GNUPG:\\] GOODSIG ' && sha256sum -c ${quoteWord(`./${list}`)}`;
}
