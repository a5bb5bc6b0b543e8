/** Whether the programs that build a module start. */
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
    ...(options.env === undefined ? {} : { env: options.env }),
  });
  const text = `${stap.stdout}\n${stap.stderr}`;
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
  const missing: string[] = [];
  for (const tool of ['make', 'gcc']) if ((await host.which(tool)) === null) missing.push(tool);
  if (missing.length > 0)
    return { status: 'fail', fault: blame('target', `${missing.join(' and ')} not installed`), output };
  return { status: 'pass', output };
}
