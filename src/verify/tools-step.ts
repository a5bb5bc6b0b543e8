/** Whether the programs that build a module start. */
import { ASKING_ENV, compareStapVersions, withoutAskingWarning } from '../detect/stap-version.ts';
import type { VerifyOptions } from './options.ts';
import { blame, type StepOutcome } from './step.ts';
import { quoteOutput } from './tool-words.ts';

const TIMEOUT_MS = 60_000;

/** @throws TapprepError TOOL_MISSING, NOT_ROOT */
export async function verifyTools(options: VerifyOptions): Promise<StepOutcome> {
  const { host, signal } = options;
  const stap = await host.run([...(options.stapArgv ?? ['stap']), '-V'], {
    timeoutMs: TIMEOUT_MS,
    signal,
    env: { ...ASKING_ENV, ...options.env },
  });
  const text = withoutAskingWarning(`${stap.stdout}\n${stap.stderr}`);
  const output = quoteOutput(
    text
      .split('\n')
      .filter((line) => /version|tested kernel/i.test(line))
      .join('\n'),
  );
  if (stap.exitCode !== 0)
    return {
      status: 'fail',
      fault: blame('systemtap', `stap -V exited with status ${stap.exitCode ?? 'none'}`),
      output: quoteOutput(text),
    };
  const older = await findOlderStaprun(options, text);
  if (older !== null) return { status: 'fail', fault: blame('systemtap', older), output };
  // Programs for the bpf runtime are stap's own work.
  if (options.runtime === 'bpf') return { status: 'pass', output };
  const missing: string[] = [];
  for (const tool of ['make', options.cross?.compiler ?? 'gcc'])
    if ((await host.which(tool)) === null) missing.push(tool);
  if (missing.length > 0)
    return { status: 'fail', fault: blame('target', `${missing.join(' and ')} not installed`), output };
  return { status: 'pass', output };
}

/** A staprun that is older than stap loads nothing that it builds; a newer one does. A missing one is reported where it is needed. */
async function findOlderStaprun(
  { host, signal, staprunArgv, env }: VerifyOptions,
  said: string,
): Promise<string | null> {
  const [program, ...words] = staprunArgv ?? ['staprun'];
  const staprun = await host.which(program ?? '');
  if (staprun === null) return null;
  const run = await host.run([staprun, ...words, '-V'], {
    timeoutMs: TIMEOUT_MS,
    signal,
    ...(env === undefined ? {} : { env }),
  });
  const [own, other] = [said, `${run.stdout}\n${run.stderr}`].map(
    (text) => /version (\d+\.\d+)/.exec(text)?.[1] ?? null,
  );
  if (own == null || other == null || compareStapVersions(other, own) >= 0) return null;
  return `staprun is ${other}, older than stap ${own}, whose modules it cannot load`;
}
