/** Whether a target's file systems have room for what is to be installed, asked while nothing is changed there. */
import { TapprepError } from '../errors.ts';
import type { Host } from '../host/host.ts';
import { script } from '../host/scripts.ts';
import { run } from '../make-remedy.ts';
import { shellLine } from '../shell-words.ts';
import type { Emit, Provision } from '../types.ts';

/** What is written below one directory, which need not be there yet. */
export interface Demand {
  readonly path: string;
  readonly bytes: number;
}

/** One file system of the target with all that is written to it. */
interface FileSystem {
  readonly paths: readonly string[];
  readonly needed: number;
  readonly free: number;
}

const STAGING = '/var/cache/tapprep';
const DATABASE = '/var/lib';
/** dpkg's status or rpm's database, and its copy while it is written. */
const DATABASE_BYTES = 32 << 20;
/** Blocks that are not filled, and directories. */
const OVERHEAD = 1.05;
/** What a compressed package becomes where its index does not say. */
const UNPACKED = 5;

/** PATH...: for each a line "DEVICE BLOCKS BYTES", what is free where the path is or would be made; another line where that is not told. */
const MEASURE = `for place; do
  while [ -n "$place" ] && [ ! -d "$place" ]; do place=\${place%/*}; done
  echo $(stat -c %d "\${place:-/}" && stat -f -c '%a %S' "\${place:-/}")
done`;

/** What items take on a target: packages unpacked, and as files while they are installed; folders; single files. */
export function demandsOf(items: readonly Provision[]): readonly Demand[] {
  const demands = items
    .filter(({ install }) => install)
    .flatMap((item): readonly Demand[] => {
      const bytes = Math.ceil((item.installedBytes ?? (item.sizeBytes ?? 0) * UNPACKED) * OVERHEAD);
      if (item.kind === 'folder' || item.kind === 'file') return [{ path: item.place, bytes }];
      return [
        { path: item.role === 'debuginfo' ? '/usr/lib/debug' : '/usr', bytes },
        { path: STAGING, bytes: item.sizeBytes ?? 0 },
      ];
    });
  return demands.length === 0 ? [] : [...demands, { path: DATABASE, bytes: DATABASE_BYTES }];
}

export interface RoomOptions {
  /** "6 packages need" */
  readonly what: string;
  /** A choice that takes less, and what an error's facts say of it: they are added where that one fits. */
  readonly lighter?: { readonly demands: readonly Demand[]; readonly facts: Readonly<Record<string, unknown>> };
  readonly emit: Emit;
  readonly signal: AbortSignal;
}

/**
 * Where the target does not tell what is free, that is said, and nothing is refused.
 * @throws TapprepError NO_SPACE, for the file system that lacks most: its directories, needed and free bytes
 */
export async function requireRoom(host: Host, demands: readonly Demand[], options: RoomOptions): Promise<void> {
  const { what, lighter, emit, signal } = options;
  const paths = [...new Set(demands.map(({ path }) => path))];
  if (paths.length === 0) return;
  const { stdout } = await host.run(script(MEASURE, paths), { signal, timeoutMs: 30_000 });
  const measured = readMeasures(paths, stdout);
  const untold = paths.filter((path) => !measured.has(path));
  if (untold.length > 0)
    emit({ type: 'note', level: 'info', text: `${host.name} does not tell what is free in ${untold.join(', ')}` });
  const worst = findLacking(demands, measured)[0];
  if (worst === undefined) return;
  const isLighterEnough = lighter !== undefined && findLacking(lighter.demands, measured).length === 0;
  const facts = { paths: worst.paths, neededBytes: worst.needed, freeBytes: worst.free };
  const root = host.kind === 'root' ? host.localPath('/') : null;
  throw new TapprepError(
    'NO_SPACE',
    `${what} ${inMiB(Math.ceil, worst.needed)} in ${worst.paths.join(', ')} of ${host.name}, where ${inMiB(Math.floor, worst.free)} are free: nothing was changed`,
    {
      ...(root === null ? { remedy: run(shellLine`df -h`) } : { hint: shellLine`df -h ${root}` }),
      facts: isLighterEnough ? { ...facts, ...lighter.facts } : facts,
    },
  );
}

interface Measure {
  readonly device: string;
  readonly free: number;
}

function readMeasures(paths: readonly string[], told: string): ReadonlyMap<string, Measure> {
  const lines = told.split('\n');
  return new Map(
    paths.flatMap((path, at): readonly [string, Measure][] => {
      const [, device, blocks, size] = /^(\d+) (\d+) (\d+)$/.exec(lines[at] ?? '') ?? [];
      if (device === undefined) return [];
      return [[path, { device, free: Number(blocks) * Number(size) }]];
    }),
  );
}

/** The file systems that cannot take what is written to them, the one that lacks most first. */
function findLacking(demands: readonly Demand[], measured: ReadonlyMap<string, Measure>): readonly FileSystem[] {
  const told = demands.flatMap((demand) => {
    const measure = measured.get(demand.path);
    return measure === undefined ? [] : [{ ...demand, ...measure }];
  });
  return [...Map.groupBy(told, ({ device }) => device).values()]
    .map((rows) => ({
      paths: [...new Set(rows.filter(({ bytes }) => bytes > 0).map(({ path }) => path))],
      needed: rows.reduce((sum, { bytes }) => sum + bytes, 0),
      free: Math.min(...rows.map(({ free }) => free)),
    }))
    .filter(({ needed, free }) => needed > free)
    .toSorted((a, b) => b.needed - b.free - (a.needed - a.free));
}

function inMiB(round: (value: number) => number, bytes: number): string {
  return `${round(bytes / 2 ** 20)} MiB`;
}
