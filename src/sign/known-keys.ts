/** Keys for modules that are on this machine already: DKMS's, where its configuration or its defaults put it, and Ubuntu's. */
import { TapprepError } from '../errors.ts';
import { tapprep } from '../make-remedy.ts';
import type { Host } from '../host/host.ts';

export interface KeyPair {
  /** Whose they are, for people. */
  readonly owner: string;
  readonly key: string;
  readonly certificate: string;
}

/** dkms(8), "mok_signing_key" and "mok_certificate" of framework.conf. */
const CONFIGURATIONS = ['/etc/dkms/framework.conf'];
const DEFAULTS: readonly KeyPair[] = [
  { owner: 'DKMS', key: '/var/lib/dkms/mok.key', certificate: '/var/lib/dkms/mok.pub' },
  {
    owner: "Ubuntu's shim-signed",
    key: '/var/lib/shim-signed/mok/MOK.priv',
    certificate: '/var/lib/shim-signed/mok/MOK.der',
  },
];

/** Those of which both files are there, the configured ones first. */
export async function findKnownKeys(host: Host): Promise<readonly KeyPair[]> {
  const found: KeyPair[] = [];
  for (const pair of [...(await readConfigured(host)), ...DEFAULTS])
    if (
      !found.some(({ key }) => key === pair.key) &&
      (await isFile(host, pair.key)) &&
      (await isFile(host, pair.certificate))
    )
      found.push(pair);
  return found;
}

/** The first of them. @throws TapprepError USAGE where there is none */
export async function requireKnownKey(host: Host): Promise<KeyPair> {
  const [first] = await findKnownKeys(host);
  if (first !== undefined) return first;
  throw new TapprepError(
    'USAGE',
    `no key of DKMS is on ${host.name}: neither its configuration nor ${DEFAULTS.map(({ key }) => key).join(' and ')} lead to one`,
    { remedy: tapprep('module-key', 'create') },
  );
}

async function readConfigured(host: Host): Promise<readonly KeyPair[]> {
  const pairs: KeyPair[] = [];
  for (const path of CONFIGURATIONS) {
    const text = (await host.readText(path)) ?? '';
    const [key, certificate] = ['mok_signing_key', 'mok_certificate'].map((name) => settingOf(text, name));
    if (key != null && certificate != null) pairs.push({ owner: 'DKMS', key, certificate });
  }
  return pairs;
}

/** A line of the shell's form, name=value, the last one. A value with a variable in it is not known. */
function settingOf(text: string, name: string): string | null {
  const [, value] = [...text.matchAll(new RegExp(`^[ \\t]*${name}=["']?([^"'\\s#]+)`, 'gm'))].at(-1) ?? [];
  return value === undefined || value.includes('$') ? null : value;
}

async function isFile(host: Host, path: string): Promise<boolean> {
  return (await host.run(['test', '-f', path])).exitCode === 0;
}
