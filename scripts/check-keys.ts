// Whether keys/ and the pins of mirrors.json fit each other: the build stops where they do not, and a test lets gpg look.
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { dearmorKeys } from '../src/trust/armor.ts';
import { listKeys } from '../src/trust/keyring.ts';

interface Index {
  /** Where each key is from, by fingerprint. */
  readonly keys: Readonly<Record<string, { readonly package: string; readonly file: string }>>;
  readonly packages: Readonly<Record<string, { readonly version: string; readonly sha256: string }>>;
  /** Why a pinned key could not be had, by fingerprint. */
  readonly absent: Readonly<Record<string, string>>;
}

/** The faults of `root`/keys as sentences: a pin without its key and without a reason, a key without a pin, another key. */
export function findKeyFaults(root: string): readonly string[] {
  const mirrors = JSON.parse(readFileSync(join(root, 'mirrors.json'), 'utf8')) as {
    readonly keys: Readonly<Record<string, { readonly fingerprint: string }>>;
  };
  const folder = join(root, 'keys');
  const { keys, packages, absent } = JSON.parse(readFileSync(join(folder, 'index.json'), 'utf8')) as Index;
  const pins = Object.entries(mirrors.keys).map(([id, { fingerprint }]) => ({ id, fingerprint }));
  const isPinned = (fingerprint: string): boolean => pins.some((pin) => pin.fingerprint === fingerprint);
  const files = readdirSync(folder).filter((name) => name !== 'index.json');
  return [
    ...pins.flatMap(({ id, fingerprint }) => faultOfPin(folder, fingerprint, absent).map((fault) => `${id}: ${fault}`)),
    ...files
      .filter((name) => !isPinned(name.replace(/\.asc$/, '')))
      .map((name) => `keys/${name} is pinned by no entry of "keys"`),
    ...files
      .filter((name) => packages[keys[name.replace(/\.asc$/, '')]?.package ?? ''] === undefined)
      .map((name) => `keys/${name} has no source in keys/index.json`),
    ...[...Object.keys(keys), ...Object.keys(absent)]
      .filter((fingerprint) => !isPinned(fingerprint))
      .map((fingerprint) => `keys/index.json names ${fingerprint}, which is pinned nowhere`),
  ];
}

function faultOfPin(folder: string, fingerprint: string, absent: Index['absent']): readonly string[] {
  const path = join(folder, `${fingerprint}.asc`);
  const reason = absent[fingerprint];
  if (!existsSync(path)) {
    return (reason ?? '') === '' ? [`${fingerprint} is pinned, but keys/ has neither it nor a reason why not`] : [];
  }
  if (reason !== undefined) return [`${fingerprint} is there, and keys/index.json says why it is not`];
  const [first] = listKeys(dearmorKeys(readFileSync(path, 'latin1'), path)).keys();
  return first === fingerprint ? [] : [`keys/${fingerprint}.asc holds ${first ?? 'no key'}`];
}
