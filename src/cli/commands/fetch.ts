/** `tapprep fetch`: plan, download and verify, and leave the packages in a directory with their digests and evidence. */
import { copyFile, mkdir, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { EXIT } from '../../errors.ts';
import { acquireArtifacts } from '../../pipeline/acquire.ts';
import { describePlan } from '../../pipeline/describe.ts';
import { planSubject } from '../../pipeline/plan-subject.ts';
import { openSubject } from '../../pipeline/open-target.ts';
import { runStage } from '../../pipeline/stage.ts';
import type { Context, TargetOptions } from '../context.ts';
import { openContextSession } from '../open-session.ts';

export interface FetchCommandOptions {
  readonly target: TargetOptions;
  readonly dest: string;
  readonly debuginfo: boolean;
  readonly image: boolean;
  readonly allowExpiredRelease: boolean;
}

/** SHA256SUMS is written last: where it is, every file it names is there and was verified. */
export async function runFetch(context: Context, options: FetchCommandOptions): Promise<number> {
  const session = await openContextSession(context);
  const subject = await openSubject(context, options.target);
  const plan = await runStage(session, 'plan', () => planSubject(session, subject, options), describePlan);
  const artifacts = await runStage(
    session,
    'download',
    () => acquireArtifacts(session, plan.items),
    (files) => `${files.length} packages verified`,
  );
  const dest = resolve(context.cwd, options.dest);
  await mkdir(dest, { recursive: true });
  for (const { item, path } of artifacts) await copyFile(path, join(dest, item.fileName));
  const evidence = artifacts.map(({ item, evidence: found }) => ({ file: item.fileName, role: item.role, ...found }));
  await writeFile(
    join(dest, 'evidence.json'),
    `${JSON.stringify({ target: plan.target, files: evidence }, null, 2)}\n`,
  );
  await writeFile(join(dest, 'SHA256SUMS'), evidence.map(({ sha256, file }) => `${sha256}  ${file}\n`).join(''));
  if (context.common.json)
    context.stdout.write(`${JSON.stringify({ dest, target: plan.target, files: evidence }, null, 2)}\n`);
  else
    context.stdout.write(
      `${artifacts.length} packages in ${dest}; check them with: cd ${dest} && sha256sum -c SHA256SUMS\n`,
    );
  return EXIT.done;
}
