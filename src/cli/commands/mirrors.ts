/** `tapprep mirrors list|check`: what the mirror list knows, and whether it answers now. */
import { EXIT, TapprepError } from '../../errors.ts';
import { tapprep } from '../../make-remedy.ts';
import type { MirrorAnswer } from '../../mirrors/check.ts';
import { loadMirrors } from '../../mirrors/load.ts';
import type { MirrorEntry, Mirrors } from '../../mirrors/mirror-list.ts';
import { parseMirrorOption } from '../../mirrors/override.ts';
import { collectOwnSources } from '../../mirrors/own-sources.ts';
import { considerMirrors } from '../../mirrors/select.ts';
import type { SkippedEntry } from '../../mirrors/select.ts';
import { parseSnapshotTime } from '../../mirrors/snapshot-time.ts';
import { noteUnbelieved } from '../../pipeline/find-repositories.ts';
import { openTarget } from '../../pipeline/open-target.ts';
import type { Repository, RepositoryContent, Target, TargetOptions } from '../../types.ts';
import { configDirectory } from '../user-directories.ts';
import type { Context } from '../context.ts';
import { renderTable } from '../render/table.ts';
import { textOf } from '../../sentence.ts';

export interface MirrorsOptions {
  readonly target: TargetOptions;
  /** Every entry of the list, whatever it is for. */
  readonly all: boolean;
  /** Retired entries too. */
  readonly retired: boolean;
  /** A time for snapshot archives: 20260801T000000Z. */
  readonly snapshot: string | null;
}

const CONTENTS: readonly RepositoryContent[] = ['image', 'devel', 'debuginfo', 'systemtap', 'toolchain'];

interface Selection {
  readonly target: Target;
  readonly repositories: readonly Repository[];
  readonly skipped: readonly SkippedEntry[];
  readonly notes: readonly string[];
}

/** Prints the whole list, or what would be asked for a target and why the rest is not. @returns 0 */
export async function runMirrorsList(context: Context, options: MirrorsOptions): Promise<number> {
  const mirrors = await readMirrors(context);
  if (options.all) {
    const { json } = context.common;
    if (json) context.stdout.json({ entries: mirrors.entries });
    else context.stdout.write(renderEntries(mirrors));
    return EXIT.done;
  }
  const { target, repositories, skipped, notes } = await selectFor(context, options, mirrors);
  if (context.common.json) {
    context.stdout.json({ target, repositories, skipped, notes });
    return EXIT.done;
  }
  const rows = repositories.map((repository) => [
    repository.id,
    repository.state,
    repository.kind,
    `${repository.baseUrls[0] ?? repository.discovery?.url ?? ''}${repository.suite === null ? '' : ` ${repository.suite}`}`,
  ]);
  const lines = [
    rows.length === 0
      ? `no repository would be asked for ${target.distro} ${target.release}`
      : renderTable(['REPOSITORY', 'STATE', 'KIND', 'ADDRESS'], rows, context.stdout.columns),
  ];
  if (skipped.length > 0) lines.push('\nnot asked:', ...skipped.map(({ id, reason }) => `  ${id}: ${textOf(reason)}`));
  if (notes.length > 0) lines.push('\nnotes:', ...notes.map((note) => `  ${note}`));
  context.stdout.write(`${lines.join('\n')}\n`);
  return EXIT.done;
}

/**
 * Asks every address of the selected repositories for its index.
 * @returns 0 when each repository answers at one address at least, 1 when some do not, 3 when none does
 */
export async function runMirrorsCheck(context: Context, options: MirrorsOptions): Promise<number> {
  if (context.common.offline) {
    throw new TapprepError('OFFLINE', 'mirrors check asks the network, which --offline forbids', {
      remedy: tapprep('mirrors', 'list'),
    });
  }
  const mirrors = await readMirrors(context);
  const { target, repositories, skipped } = options.all
    ? { target: null, ...(await selectAll(mirrors, options)) }
    : await selectFor(context, options, mirrors);
  const { checkRepositories } = await import('../../mirrors/check.ts');
  const { createTransport } = await import('../../fetch/transports.ts');
  const { DEFAULT_LIMITS } = await import('../../fetch/limits.ts');
  const answers = await checkRepositories(repositories, {
    transport: createTransport(DEFAULT_LIMITS, context.env),
    signal: context.signal,
    now: context.now,
    onAnswer: (answer) => {
      if (!context.common.quiet && !context.common.json) context.stderr.write(`${describeAnswer(answer)}\n`);
    },
  });
  if (context.common.json) {
    context.stdout.json({ target, answers, skipped });
  } else {
    const rows = answers.map(({ repository, status, seconds, index, reason, url }) => [
      repository,
      status === null ? '-' : String(status),
      `${seconds.toFixed(2)} s`,
      reason === null ? (index ?? '') : textOf(reason),
      url,
    ]);
    context.stdout.write(
      `${renderTable(['REPOSITORY', 'STATUS', 'TIME', 'ANSWER', 'ADDRESS'], rows, context.stdout.columns)}\n`,
    );
  }
  const answered = new Set(answers.filter(({ ok }) => ok).map(({ repository }) => repository));
  if (answered.size === 0) return EXIT.network;
  return answers.every(({ repository }) => answered.has(repository)) ? EXIT.done : EXIT.notReady;
}

async function readMirrors(context: Context): Promise<Mirrors> {
  const configHome = configDirectory(context.env);
  return await loadMirrors({
    packageRoot: context.packageRoot,
    files: context.common.mirrors,
    configHome,
    sudoUid: context.env['SUDO_UID'],
  });
}

async function selectFor(context: Context, options: MirrorsOptions, mirrors: Mirrors): Promise<Selection> {
  const open = await openTarget(context, options.target);
  const { target } = open;
  const own = await collectOwnSources(open, mirrors);
  const overrides = context.common.mirror.map(parseMirrorOption);
  const { repositories, skipped } = considerMirrors(
    target,
    { own: own.repositories, list: mirrors, overrides },
    selectionOptions(options),
  );
  return { target, repositories, skipped, notes: [...own.notes, ...noteUnbelieved(own.unbelieved)] };
}

async function selectAll(
  mirrors: Mirrors,
  options: MirrorsOptions,
): Promise<{ readonly repositories: readonly Repository[]; readonly skipped: readonly SkippedEntry[] }> {
  const { sampleEntries } = await import('../../mirrors/sample-target.ts');
  return sampleEntries(mirrors, { ...selectionOptions(options), contents: [...CONTENTS, 'program-debuginfo'] });
}

function selectionOptions({ retired, snapshot }: MirrorsOptions) {
  const timestamp = snapshot === null ? {} : { timestamp: parseSnapshotTime(snapshot) };
  return { contents: CONTENTS, includeRetired: retired, ...timestamp };
}

function renderEntries(mirrors: Mirrors): string {
  const lines: string[] = [];
  let title = '';
  for (const entry of mirrors.entries) {
    if (entry.title !== title) lines.push(`${lines.length === 0 ? '' : '\n'}${entry.title}`);
    ({ title } = entry);
    lines.push(...renderEntry(entry));
  }
  return `${lines.join('\n')}\n`;
}

function renderEntry(entry: MirrorEntry): readonly string[] {
  const since = entry.state.since === null ? '' : ` since ${entry.state.since}`;
  const proof = entry.verified === null ? `not verified: ${entry.reason}` : `source: ${entry.verified.source}`;
  const where = entry.urls[0] ?? entry.discovery?.url ?? '';
  return [
    `  ${entry.id}  ${entry.versions.join(' ')}  ${entry.content.join(' ')}  ${entry.state.status}${since}`,
    `    ${where}  (${proof})`,
  ];
}

function describeAnswer(answer: MirrorAnswer): string {
  return `${answer.repository}: ${answer.reason === null ? (answer.index ?? '') : textOf(answer.reason)} (${answer.seconds.toFixed(2)} s)`;
}
