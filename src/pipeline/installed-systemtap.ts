/** The SystemTap and the kernel packages that are in place on a target now, which may be more than when its facts were collected. */
import { ASKING_ENV, parseStapVersion } from '../detect/stap-version.ts';
import { isTapprepError } from '../errors.ts';
import type { Host } from '../host/host.ts';
import { identifySystem, listPackages, type ListedPackage } from '../install/package-list.ts';
import { namePackages } from '../resolve/package-names.ts';
import type { StapIdentity } from '../systemtap/predict.ts';
import { upstreamVersion } from '../version/upstream.ts';
import type { OpenTarget } from './open-target.ts';

export interface Installed {
  own(open: OpenTarget): StapIdentity | null;
  kernelVersion(open: OpenTarget): string | null;
}

/** @throws TapprepError INTERRUPTED */
export async function lookAtInstalled(host: Host, signal: AbortSignal): Promise<Installed> {
  const packages = await listInstalled(host);
  const stap = await host.which('stap');
  const said = stap === null ? null : await host.run([stap, '-V'], { timeoutMs: 60_000, signal, env: ASKING_ENV });
  const parsed = said === null ? null : parseStapVersion(`${said.stdout}\n${said.stderr}`.split('\n'));
  const version = (name: string): string | null => packages.find((item) => item.name === name)?.version ?? null;
  return {
    own: ({ target: { distro } }) => {
      if (stap === null) return null;
      const packageVersion = version('systemtap') ?? version('systemtap-client');
      if (packageVersion === null && parsed === null) return null;
      return {
        version: parsed?.version ?? upstreamVersion(packageVersion ?? ''),
        packageVersion,
        distro,
        testedKernels: parsed?.testedKernels ?? null,
      };
    },
    kernelVersion: ({ target }) => {
      const headers = namePackages(target).find(({ role }) => role === 'headers' || role === 'devel');
      return headers === undefined ? null : version(headers.name);
    },
  };
}

async function listInstalled(host: Host): Promise<readonly ListedPackage[]> {
  try {
    return await listPackages(host, await identifySystem(host));
  } catch (error) {
    // A system without a package database can still be proven.
    if (isTapprepError(error, 'TOOL_MISSING') || isTapprepError(error, 'INSTALL_FAILED')) return [];
    throw error;
  }
}
