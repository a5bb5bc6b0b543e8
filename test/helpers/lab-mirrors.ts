/** Mirror lists of a user, for archives that a test serves: what facts of others say of keys is not believed. */
import type { TestKey } from './gpg.ts';

/** What an entry of a signed place has beside its address. */
const STATE = { state: { status: 'live', since: null }, verified: null, reason: 'made for a test' };
const CONTENT = ['image', 'devel', 'debuginfo', 'systemtap', 'toolchain'];

/** A suite of Debian that the key signed, or a repository of AlmaLinux 8 of which it signed the packages. */
export type LabPlace =
  | { readonly kind: 'deb'; readonly url: string; readonly suite: string; readonly version: string }
  | { readonly kind: 'rpm-md'; readonly url: string };

/** @param keyring path of the key, where whoever reads the list finds it */
export function labMirrorList(
  places: readonly LabPlace[],
  key: Pick<TestKey, 'fingerprint' | 'keyring'>,
  keyring: string = key.keyring,
): object {
  const keys = { lab: { fingerprint: key.fingerprint, name: 'lab', expires: null, verified: null } };
  return {
    format: 'tapprep-mirrors/1',
    keys,
    groups: places.map((place) => (place.kind === 'deb' ? debGroup(place, keyring) : rpmGroup(place, keyring))),
  };
}

function debGroup({ url, suite, version }: LabPlace & { readonly kind: 'deb' }, keyring: string): object {
  const trust = { metadata: 'signed', packages: 'unsigned', keys: ['lab'], keyrings: [keyring] };
  const place = { id: `lab-${suite}`, versions: [version], kind: 'deb', urls: [url] };
  const entry = { ...place, suites: [suite], components: ['main'], content: CONTENT, ...STATE };
  return { title: 'Lab', distros: ['debian'], vendor: 'Debian', trust, entries: [entry] };
}

function rpmGroup({ url }: LabPlace & { readonly kind: 'rpm-md' }, keyring: string): object {
  const trust = { metadata: 'unsigned', packages: 'signed', keys: ['lab'], keyrings: [keyring] };
  const entry = { id: 'lab-rpm', versions: ['8.*', '8'], kind: 'rpm-md', urls: [url], content: CONTENT, ...STATE };
  return { title: 'Lab', distros: ['almalinux'], vendor: 'AlmaLinux', trust, entries: [entry] };
}
