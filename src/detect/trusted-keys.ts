/** The keys by which a kernel checks signatures, as /proc/keys and keyctl tell of them. */
import type { TrustedKeys } from '../types.ts';
import type { ProbeRecords } from './probe-lines.ts';

/** null where nothing could be read. */
export function readTrustedKeys(records: ProbeRecords): TrustedKeys | null {
  const keyrings = records
    .all('keyring')
    .map(([name = '', count = '']) => ({ name, keys: Number.parseInt(count, 10) || 0 }));
  const keys = records.all('trusted-key');
  if (keyrings.length === 0 && keys.length === 0) return null;
  const homes = new Map(
    records
      .all('keyring-keys')
      .flatMap(([name = '', serials = '']) => serials.split(' ').map((serial) => [toHex(serial), name] as const)),
  );
  return {
    keyrings,
    keys: keys.map(([serial = '', text = '']) => ({ ...parseDescription(text), keyring: homes.get(serial) ?? null })),
  };
}

/** The same from the text of /proc/keys alone (proc_keys(5)), which does not tell what lies in which keyring. */
export function parseProcKeys(text: string): TrustedKeys {
  const keyrings: { readonly name: string; readonly keys: number }[] = [];
  const keys: TrustedKeys['keys'][number][] = [];
  for (const line of text.split('\n')) {
    const [, type = '', rest = ''] = /^[0-9a-f]{8} (?:\S+ +){6}(\S+) +(.+)$/.exec(line) ?? [];
    const [, name, count = ''] = /^(\.[a-z_]+): (\w+)/.exec(rest) ?? [];
    if (type === 'keyring' && name !== undefined) keyrings.push({ name, keys: Number.parseInt(count, 10) || 0 });
    if (type.startsWith('asymmetri')) keys.push({ ...parseDescription(rest), keyring: null });
  }
  return { keyrings, keys };
}

/** "lab key: 40 hex digits: X509.rsa bb419ea1 []": the subject and the subject key identifier. */
function parseDescription(text: string): { readonly name: string; readonly id: string | null } {
  const bare = text.replace(/: X509\.\S+ .*$/, '');
  const [, name, id] = /^(.*): ([0-9a-f]{8,128})$/.exec(bare) ?? [];
  return { name: (name ?? bare).slice(0, 300), id: id ?? null };
}

/** keyctl prints serial numbers in decimal, /proc/keys in eight digits of hex. */
function toHex(serial: string): string {
  return (Number(serial) >>> 0).toString(16).padStart(8, '0');
}
