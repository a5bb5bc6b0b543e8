/** The parts of a PKCS#11 URI (RFC 7512) that are a secret, or lead to one. */
import { TapprepError } from '../errors.ts';
import { requireGivenText } from '../host/given-file.ts';
import type { SigningTools } from './signing-tools.ts';

/** The URI without them, and the PIN. @throws TapprepError USAGE, MODULE_KEY_LOCKED */
export async function readSecret(
  given: string,
  { askSecret }: SigningTools,
): Promise<{ readonly uri: string; readonly pin: string }> {
  refusePinValue(given);
  const [path = '', query = ''] = given.split('?', 2);
  const attributes = query.split('&').filter((word) => word !== '');
  const source = attributes.find((word) => word.startsWith('pin-source='))?.slice('pin-source='.length);
  const rest = attributes.filter((word) => !word.startsWith('pin-source='));
  const uri = rest.length === 0 ? path : `${path}?${rest.join('&')}`;
  if (source !== undefined) return { uri, pin: await readPin(decodeURIComponent(source)) };
  const pin = await askSecret(`PIN for ${uri}: `);
  if (pin !== null) return { uri, pin };
  throw new TapprepError(
    'MODULE_KEY_LOCKED',
    `${uri} wants a PIN, and there is neither a terminal to ask for it nor a file that has it`,
    { hint: 'add --module-key-passphrase-file FILE, or ?pin-source=file:/FILE to the URI' },
  );
}

/** @throws TapprepError USAGE for one that has its PIN in it */
export function refusePinValue(uri: string): void {
  if (!/[?&;]pin-value=/.test(uri)) return;
  throw new TapprepError(
    'USAGE',
    'a PIN in an option can be read by everybody on this machine, so pin-value is refused',
    {
      hint: 'add --module-key-passphrase-file FILE, or ?pin-source=file:/FILE to the URI',
    },
  );
}

async function readPin(source: string): Promise<string> {
  const path = source.replace(/^file:(?:\/\/)?/, '');
  const text = await requireGivenText(path, 'the PIN file');
  return text.split(/\r?\n/, 1)[0] ?? '';
}
