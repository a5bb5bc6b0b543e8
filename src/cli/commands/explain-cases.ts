/** `tapprep explain --cases DIR`: the answers held against known ones. */
import { readdir, readFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { parseCase } from '../../diagnose/cases/case-file.ts';
import { type Scored, scoreCase, sumScores } from '../../diagnose/cases/score-case.ts';
import { diagnose } from '../../diagnose/diagnose.ts';
import { EXIT, isErrno, TapprepError } from '../../errors.ts';
import type { ExplainContext } from './explain.ts';

interface NamedScore extends Scored {
  readonly name: string;
}

/** @returns 0 when every answer is right, 1 otherwise. @throws TapprepError USAGE for a folder or a case that cannot be read */
export async function runCases(context: ExplainContext, folder: string): Promise<number> {
  const scores = await scoreFolder(resolve(context.cwd, folder));
  const sum = sumScores(scores);
  const wrong = scores.filter(({ isRight }) => !isRight);
  if (context.common.json) {
    context.stdout.json({ ...sum, wrong: wrong.map(({ name, why }) => ({ name, why })) });
  } else {
    const lines = wrong.map(({ name, why }) => `${name}: ${why ?? ''}\n`);
    const [certain, likely] = [sum.certain, sum.likely].map(([right, all]) => `${right} of ${all}`);
    context.stdout.write(
      `${lines.join('')}right ${sum.right} of ${sum.cases}; called certain and right ${certain}, likely ${likely}; first answers that are firm and right ${sum.sure}\n`,
    );
  }
  return wrong.length === 0 ? EXIT.done : EXIT.notReady;
}

async function scoreFolder(folder: string): Promise<readonly NamedScore[]> {
  const names = await readdir(folder).catch((error: unknown) => {
    if (!isErrno(error, 'ENOENT') && !isErrno(error, 'ENOTDIR')) throw error;
    throw new TapprepError('USAGE', `--cases takes a folder of cases, but ${folder} is none`, {
      hint: 'tapprep explain --feedback FILE --expect CODE LOG',
      cause: error,
    });
  });
  const scores: NamedScore[] = [];
  for (const name of names.filter((one) => one.endsWith('.txt')).toSorted()) {
    const text = await readFile(join(folder, name), 'utf8');
    scores.push({ name, ...scoreText(text, join(folder, name)) });
  }
  return scores;
}

function scoreText(text: string, path: string): Scored {
  try {
    const wanted = parseCase(text);
    return scoreCase(wanted, diagnose({ log: wanted.log }));
  } catch (error) {
    if (!(error instanceof RangeError) && !(error instanceof SyntaxError)) throw error;
    throw new TapprepError('USAGE', `${path} is no case: ${error.message}`, { cause: error });
  }
}
