/** `tapprep fetch`: plan, download and verify, and leave the packages in a directory with their digests and evidence. */
import { readdir, rm } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { countOf } from '../../count.ts';
import { EXIT, toSafeJson } from '../../errors.ts';
import { shellLine } from '../../shell-words.ts';
import { makeDirectory, removeEmpty } from '../../files/make-directory.ts';
import { diskError } from '../../files/disk-error.ts';
import { publishVerified } from '../../files/private-copy.ts';
import { writeWhole } from '../../files/write-whole.ts';
import { acquireArtifacts } from '../../pipeline/acquire.ts';
import { describePlan } from '../../pipeline/describe.ts';
import { planTarget } from '../../pipeline/plan-target.ts';
import { openTarget } from '../../pipeline/open-target.ts';
import { runStage } from '../../pipeline/stage.ts';
import { foldersOf } from '../../resolve/provisions.ts';
import type { SystemtapWish } from '../../systemtap/choose.ts';
import type { Plan, PlanItem, Provision, TargetOptions } from '../../types.ts';
import type { Context } from '../context.ts';
import { openContextSession } from '../open-session.ts';

export interface FetchCommandOptions {
  readonly target: TargetOptions;
  readonly dest: string;
  readonly debuginfo: boolean;
  readonly image: boolean;
  readonly allowExpiredRelease: boolean;
  readonly systemtap: SystemtapWish;
}

const SUMS = 'SHA256SUMS';

/** SHA256SUMS is written last: where it is, every file it names is there and was verified. */
export async function runFetch(context: Context, options: FetchCommandOptions): Promise<number> {
  const session = await openContextSession(context);
  const open = await openTarget(context, options.target);
  const plan = await runStage(
    session,
    'plan',
    () => planTarget(session, open, { ...options, rung: 'kernel.function' }),
    describePlan,
  );
  const wanted = plan.items.flatMap(placeFiles);
  const dest = resolve(context.cwd, options.dest);
  const evidence = await withDestination(dest, plan, async () => {
    const artifacts = await runStage(
      session,
      'download',
      () =>
        acquireArtifacts(
          session,
          wanted.map(({ item }) => item),
          ({ path, evidence: { sha256 } }, at) =>
            publishVerified(path, join(dest, wanted[at]?.file ?? ''), sha256, context.signal),
        ),
      (files) => `${countOf(files.length, 'package')} verified`,
    );
    const files = artifacts.map(({ item, evidence: found }, at) => ({
      file: wanted[at]?.file ?? item.fileName,
      role: item.role,
      ...found,
    }));
    const report = `${toSafeJson({ target: plan.target, files }, 2)}\n`;
    await writeWhole(join(dest, 'evidence.json'), report, { mode: 'user' });
    const sums = files.map(({ sha256, file }) => `${sha256}  ${file}\n`).join('');
    await writeWhole(join(dest, SUMS), sums, { mode: 'user' });
    return files;
  });
  const others = await findOthers(dest, wanted);
  if (others.length > 0) context.emit({ type: 'note', level: 'warning', text: describeOthers(dest, others) });
  if (context.common.json) context.stdout.json({ dest, target: plan.target, files: evidence });
  else
    context.stdout.write(
      `${countOf(evidence.length, 'package')} in ${dest}; check them with: ${shellLine`cd ${dest} && sha256sum -c SHA256SUMS`}\n`,
    );
  return EXIT.done;
}

/** Packages of an earlier run or of somebody else, which are installed with these by whoever names all files. */
async function findOthers(dest: string, wanted: readonly { readonly file: string }[]): Promise<readonly string[]> {
  const own = new Set(wanted.map(({ file }) => file));
  const names = await readdir(dest);
  return names.filter((name) => /\.(?:deb|rpm)$/.test(name) && !own.has(name)).toSorted();
}

function describeOthers(dest: string, others: readonly string[]): string {
  const more = others.length === 1 ? '' : ` and ${others.length - 1} more`;
  return `${dest} holds packages that are not of this plan, and SHA256SUMS does not name them: ${others[0]}${more}; do not install them with these`;
}

/** Runs `work` with the directories there; those that were made for it and have nothing in them when it fails go again. */
async function withDestination<Result>(dest: string, { items }: Plan, work: () => Promise<Result>): Promise<Result> {
  const made: (readonly [path: string, uppermost: string])[] = [];
  const make = async (path: string): Promise<void> => {
    const uppermost = await makeDirectory(path);
    if (uppermost !== null) made.push([path, uppermost]);
  };
  try {
    await prepare(dest, items, make);
    return await work();
  } catch (error) {
    for (const directory of made.toReversed()) await removeEmpty(...directory).catch(() => undefined);
    throw error;
  }
}

/** The directories, and no list of sums of an earlier run beside files of this one. */
async function prepare(
  dest: string,
  items: readonly Provision[],
  make: (path: string) => Promise<void>,
): Promise<void> {
  try {
    await make(dest);
    await rm(join(dest, SUMS), { force: true });
    for (const { name } of foldersOf(items)) await make(join(dest, name));
  } catch (error) {
    throw diskError(error, dest);
  }
}

/**
 * Where each file of an item goes. What a folder is made of lies apart: of another distribution, it is never to be installed.
 */
function placeFiles(item: Provision): readonly { readonly file: string; readonly item: PlanItem }[] {
  // It has no digest that could be written beside it.
  if (item.kind === 'file') return [];
  if (item.kind !== 'folder') return [{ file: item.fileName, item }];
  return item.packages.map((each) => ({ file: `${item.name}/${each.fileName}`, item: each }));
}
