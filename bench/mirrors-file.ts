/** A mirror list with one repository of the benchmark, so that tapprep verifies signatures as it does elsewhere. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { TestKey } from '../test/helpers/gpg.ts';

/** One repository; `suite` only for deb. */
export interface BenchRepository {
  readonly id: string;
  readonly distro: 'centos' | 'debian';
  readonly versions: readonly string[];
  readonly kind: 'rpm-md' | 'deb';
  readonly urls: readonly string[];
  readonly suite?: string;
}

/** Writes DIRECTORY/ID.json and returns its path. */
export function writeMirrorsFile(directory: string, repository: BenchRepository, key: TestKey): string {
  const { id, distro, versions, kind, urls, suite } = repository;
  const isDeb = kind === 'deb';
  const trust = {
    metadata: isDeb ? 'signed' : 'unsigned',
    packages: isDeb ? 'unsigned' : 'signed',
    keys: ['bench-key'],
    keyrings: [key.armored],
  };
  const entry = {
    id,
    versions,
    kind,
    urls,
    ...(suite === undefined ? {} : { suites: [suite], components: ['main'] }),
    content: isDeb ? ['image', 'devel', 'debuginfo', 'systemtap', 'toolchain'] : ['devel', 'debuginfo'],
    state: { status: isDeb ? 'live' : 'archive', since: null },
    verified: null,
    reason: 'made for a measurement',
  };
  const keys = { 'bench-key': { fingerprint: key.fingerprint, name: 'bench', expires: null, verified: null } };
  const vendor = distro === 'centos' ? 'CentOS' : 'Debian';
  const groups = [{ title: 'Bench', distros: [distro], vendor, trust, entries: [entry] }];
  const path = join(directory, `${id}.json`);
  writeFileSync(path, JSON.stringify({ format: 'tapprep-mirrors/1', keys, groups }));
  return path;
}
