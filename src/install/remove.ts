/** Takes back exactly what the journal says tapprep added. */
import { TapprepError } from '../errors.ts';
import { tapprep } from '../make-remedy.ts';
import { type Host, isRemote } from '../host/host.ts';
import type { Emit } from '../types.ts';
import { buildRemoveArgv, buildUndoArgv, QUIET_ENV } from './commands.ts';
import { isDirectory, isOurs, removeTree } from './directories.ts';
import { type JournalEntry, readJournal, writeJournal } from './journal.ts';
import { removeUploads } from './upload.ts';
import { identifyManager, type ListedPackage, listRemains } from './package-list.ts';

export interface RemovePlan {
  readonly packages: readonly ListedPackage[];
  readonly files: readonly string[];
  /** Journal packages that are gone or were changed by somebody else since; left alone. */
  readonly skipped: readonly ListedPackage[];
  /** Replaced by agreement; the old version cannot be brought back by tapprep. */
  readonly replaced: JournalEntry['replaced'];
  readonly argv: readonly string[] | null;
}

/** What remove would do now. */
export async function planRemoval(host: Host): Promise<RemovePlan> {
  const open = (await readJournal(host)).entries.filter(({ state }) => state !== 'removed');
  const manager = open.findLast((entry) => entry.manager !== undefined)?.manager ?? (await identifyManager(host));
  const remains = new Map((await listRemains(host, manager)).map((item) => [keyOf(item), item]));
  const recorded = new Map(open.flatMap(({ packages }) => packages).map((item) => [keyOf(item), item]));
  const packages = [...recorded].filter(([key]) => remains.has(key)).map(([, item]) => item);
  const isWhole = packages.every((item) => remains.get(keyOf(item))?.isWhole === true);
  return {
    packages,
    files: [...new Set(open.flatMap(({ files }) => files))],
    skipped: [...recorded].filter(([key]) => !remains.has(key)).map(([, item]) => item),
    replaced: open.flatMap(({ replaced }) => replaced),
    argv: packages.length === 0 ? null : (isWhole ? buildRemoveArgv : buildUndoArgv)(packages, manager),
  };
}

/**
 * Carries out a removal plan and marks the journal's entries as removed.
 * @throws TapprepError INSTALL_FAILED when the package manager refuses; the journal then stays as it was.
 */
export async function removeInstalled(host: Host, plan: RemovePlan, emit: Emit, signal: AbortSignal): Promise<void> {
  if (plan.argv !== null) {
    emit({ type: 'command', argv: plan.argv, where: host.name });
    const result = await host.run(plan.argv, { env: QUIET_ENV, signal, timeoutMs: 900_000, untilEnd: true });
    if (result.exitCode !== 0) {
      const words = (result.stderr || result.stdout).trim().split('\n').slice(-3).join(' / ');
      throw new TapprepError(
        'INSTALL_FAILED',
        `removal on ${host.name} exited ${result.exitCode ?? 'by a signal'}: ${words}`,
        {
          remedy: tapprep('remove', '--dry-run'),
          facts: { argv: plan.argv, stderr: result.stderr.slice(-4000) },
        },
      );
    }
  }
  for (const path of plan.files) await removePath(host, path, emit);
  if (isRemote(host)) await removeUploads(host);
  const journal = await readJournal(host);
  await writeJournal(host, { ...journal, entries: journal.entries.map((entry) => ({ ...entry, state: 'removed' })) });
}

/** A directory only goes when tapprep's marker is in it: somebody may have put another in its place. */
async function removePath(host: Host, path: string, emit: Emit): Promise<void> {
  if (!(await isDirectory(host, path)) || (await isOurs(host, path))) return removeTree(host, path);
  emit({ type: 'note', level: 'warning', text: `${path} on ${host.name} was left alone: it is no longer tapprep's` });
}

function keyOf(item: ListedPackage): string {
  return `${item.name}\0${item.arch}\0${item.version}`;
}
