/** What is installed on a target, as its own package database says. */
import { tmpdir } from 'node:os';
import { TapprepError } from '../errors.ts';
import type { Host } from '../host/host.ts';
import type { PackageSystem } from '../package-system/package-system.ts';
import { readRpmDatabase } from '../package-system/rpm-database/read.ts';
import { systemOfManager } from '../package-system/systems.ts';

export interface ListedPackage {
  readonly name: string;
  readonly version: string;
  readonly arch: string;
}

/** Which package database a target has. @throws TapprepError TOOL_MISSING when it has neither. */
export async function identifySystem(host: Host): Promise<PackageSystem> {
  if ((await host.readText('/var/lib/dpkg/status')) !== null && (await host.which('dpkg')) !== null)
    return systemOfManager('dpkg');
  if ((await host.which('rpm')) !== null) return systemOfManager('rpm');
  throw new TapprepError('TOOL_MISSING', `${host.name} has neither dpkg nor rpm, so nothing can be installed there`);
}

/** Every installed package. @throws TapprepError INSTALL_FAILED when the database cannot be read. */
export async function listPackages(host: Host, system: PackageSystem): Promise<readonly ListedPackage[]> {
  return (await readDatabase(host, system)).filter(({ state }) => state === 'installed').map(toListed);
}

/** Every package of which more is there than its configuration: also what dpkg has only unpacked or half configured. */
export async function listTraces(host: Host, system: PackageSystem): Promise<readonly ListedPackage[]> {
  return (await readDatabase(host, system)).filter(({ state }) => !GONE.includes(state)).map(toListed);
}

/** Every package of which nothing but the configuration is there. */
export async function listConfigured(host: Host, system: PackageSystem): Promise<readonly ListedPackage[]> {
  return (await readDatabase(host, system)).filter(({ state }) => state === 'config-files').map(toListed);
}

/** Every package of which dpkg knows anything, if only its configuration: what a killed install or removal may leave. */
export async function listRemains(
  host: Host,
  system: PackageSystem,
): Promise<readonly (ListedPackage & { readonly isWhole: boolean })[]> {
  return (await readDatabase(host, system))
    .filter(({ state }) => state !== 'not-installed')
    .map((row) => ({ ...toListed(row), isWhole: row.state === 'installed' }));
}

/** Every package that was being unpacked when the package manager was killed: it has no list of the files that came. */
export async function listHalfUnpacked(host: Host, system: PackageSystem): Promise<readonly ListedPackage[]> {
  return (await readDatabase(host, system))
    .filter(({ state, mustReinstall }) => state === 'half-installed' && mustReinstall)
    .map(toListed);
}

/** The installed packages that are or provide what something depends on. */
export async function listHolders(host: Host, system: PackageSystem, thing: string): Promise<readonly ListedPackage[]> {
  return parseRows((await host.run(system.buildHoldersArgv(thing))).stdout).map(toListed);
}

const GONE: readonly string[] = ['not-installed', 'config-files'];

/** rpm keeps imported keys among the packages. */
const KEYS: readonly string[] = ['gpg-pubkey'];

interface DatabaseRow extends ListedPackage {
  /** The last word of dpkg's status. */
  readonly state: string;
  readonly mustReinstall: boolean;
}

function toListed({ name, version, arch }: ListedPackage): ListedPackage {
  return { name, version, arch };
}

async function readDatabase(host: Host, system: PackageSystem): Promise<readonly DatabaseRow[]> {
  if (host.kind === 'root' && system.isReadAsFile) {
    const find = (path: string): Promise<string | null> => host.fetchFile(path);
    const database = await readRpmDatabase({ find, temporary: tmpdir(), paths: [] });
    if (database !== null)
      return database.packages.map((each) => ({ ...toListed(each), state: 'installed', mustReinstall: false }));
  }
  const result = await host.run(system.listArgv, { timeoutMs: 120_000 });
  if (result.exitCode !== 0) {
    throw new TapprepError(
      'INSTALL_FAILED',
      `the package database of ${host.name} cannot be read: ${result.argv[0]} exited ${result.exitCode}: ${result.stderr.trim().slice(0, 300)}`,
      { remedy: system.repair },
    );
  }
  return parseRows(result.stdout);
}

function parseRows(text: string): readonly DatabaseRow[] {
  return text
    .split('\n')
    .map((line) => line.split('\t'))
    .filter((fields) => fields.length === 4 && !KEYS.includes(fields[1] ?? ''))
    .map(([status = '', name = '', version = '', arch = '']) => {
      const [, flag, state = ''] = status.split(' ');
      return { state, mustReinstall: flag === 'reinstreq', name, version, arch };
    });
}
