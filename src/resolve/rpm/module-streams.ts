/** Which packages of modules a system may use: those of the streams that are enabled there, or are the default. Pure. */
import type { ModuleBuild, ModuleIndex } from '../rpm-md/modulemd.ts';

/** What /etc/dnf/modules.d of a target says. */
export interface ModuleState {
  /** Stream by module. */
  readonly enabled: ReadonlyMap<string, string>;
  readonly disabled: ReadonlySet<string>;
}

export const NO_STATE: ModuleState = { enabled: new Map(), disabled: new Set() };

export interface ModularPackages {
  /** Labels, name-epoch:version-release.arch, that belong to a stream which is not used. */
  readonly off: ReadonlySet<string>;
  /** The same of those that are used. */
  readonly on: ReadonlySet<string>;
  /** Names of the packages that are used: what is of no module gives way to them, by name and by what it provides. */
  readonly names: ReadonlySet<string>;
}

/** @returns null where there are no modules at all */
export function findModularPackages(indexes: readonly ModuleIndex[], state: ModuleState): ModularPackages | null {
  const builds = indexes.flatMap((index) => index.builds);
  if (builds.length === 0) return null;
  const active = activeStreams(indexes, builds, state);
  const on = new Set<string>();
  const all = new Set<string>();
  for (const build of builds) {
    const isOn = active.get(build.name) === build.stream && isFulfilled(build, active);
    for (const artifact of build.artifacts) {
      all.add(artifact);
      if (isOn) on.add(artifact);
    }
  }
  const names = new Set(
    [...on].filter((label) => !/\.(?:no)?src$/.test(label)).map((label) => label.replace(/-[^-]*-[^-]*$/, '')),
  );
  return { off: new Set([...all].filter((label) => !on.has(label))), on, names };
}

/** Enabled ones, defaults, and what these require of other modules. */
function activeStreams(
  indexes: readonly ModuleIndex[],
  builds: readonly ModuleBuild[],
  { enabled, disabled }: ModuleState,
): ReadonlyMap<string, string> {
  const active = new Map<string, string>();
  for (const { defaults } of indexes)
    for (const [name, stream] of defaults) if (!disabled.has(name) && !active.has(name)) active.set(name, stream);
  for (const [name, stream] of enabled) active.set(name, stream);
  const known = new Set(builds.map(({ name }) => name));
  for (let before = -1; before !== active.size;) {
    before = active.size;
    for (const build of builds.filter(({ name, stream }) => active.get(name) === stream)) {
      for (const [name, streams] of build.requires) {
        const [first] = streams;
        if (first !== undefined && known.has(name) && !active.has(name) && !disabled.has(name)) active.set(name, first);
      }
    }
  }
  return active;
}

/** The platform is the system's own; every other module has to be there in one of the streams. */
function isFulfilled({ requires }: ModuleBuild, active: ReadonlyMap<string, string>): boolean {
  return [...requires].every(([name, streams]) => {
    const stream = active.get(name);
    return name === 'platform' || (stream !== undefined && (streams.length === 0 || streams.includes(stream)));
  });
}
