/** Asks a front end what it would do before it does anything, and leaves it alone where that is not what the plan says. */
import { TapprepError } from '../errors.ts';
import type { Host } from '../host/host.ts';
import { run } from '../make-remedy.ts';
import { FRONT_ENDS, type PackageChange } from '../package-system/front-ends.ts';
import type { Emit } from '../types.ts';
import { frontEndOf, type InstallMethod, systemOfMethod } from './commands.ts';
import {
  compareTransaction,
  isHarmless,
  type TransactionDifference,
  type WantedPackage,
} from './compare-transaction.ts';

export interface FrontEndQuestion {
  readonly method: InstallMethod;
  /** Absolute, on the target. */
  readonly files: readonly string[];
  readonly sideBySide: readonly string[];
  readonly wanted: readonly WantedPackage[];
  /** Asks the package manager itself whether it would install the same files. */
  readonly testArgv: readonly string[];
  readonly emit: Emit;
  readonly signal: AbortSignal;
}

export interface SettledMethod {
  readonly method: InstallMethod;
  /** What it brings beside the plan. */
  readonly adds: readonly PackageChange[];
}

/**
 * The method itself where it does what the plan says; else the package manager below it, which adds these files and touches
 * nothing else.
 * @throws TapprepError FRONT_END_DIFFERS where that cannot install them either
 */
export async function settleMethod(host: Host, question: FrontEndQuestion): Promise<SettledMethod> {
  const { method, emit, signal, wanted } = question;
  const frontEnd = frontEndOf(method);
  if (frontEnd === null) return { method, adds: [] };
  const record = FRONT_ENDS[frontEnd];
  const { argv, input } = record.buildPreview(question);
  emit({ type: 'command', argv, where: host.name });
  const answer = await host.run(argv, { timeoutMs: 300_000, signal, ...(input === undefined ? {} : { input }) });
  const transaction = record.readPreview(answer.stdout);
  const difference = transaction === null ? null : compareTransaction(transaction, wanted);
  if (difference !== null && isHarmless(difference)) {
    if (difference.adds.length > 0)
      warn(emit, `${method} on ${host.name} also brings what the plan does not hold: ${list(difference.adds)}`);
    return { method, adds: difference.adds };
  }
  const { manager } = systemOfMethod(method);
  const why =
    difference === null
      ? `${method} on ${host.name} does not say what it would do (${lastLine(answer.stderr || answer.stdout)})`
      : `${method} on ${host.name} would do what the plan does not hold: ${describe(difference)}`;
  const test = await host.run(question.testArgv, { timeoutMs: 300_000, signal });
  if (test.exitCode !== 0) {
    throw new TapprepError(
      'FRONT_END_DIFFERS',
      `${why}, and ${manager} alone cannot install the packages: ${lastLine(test.stderr || test.stdout)}; nothing was changed`,
      {
        remedy: run(systemOfMethod(method).checkCommand),
        facts: { method, difference, output: answer.stdout.slice(-4000), stderr: test.stderr.slice(-4000) },
      },
    );
  }
  warn(emit, `${why}; ${manager} installs the packages of the plan alone`);
  return { method: manager, adds: [] };
}

function describe({ loses, changes, leavesOut }: TransactionDifference): string {
  return [
    ...(loses.length > 0 ? [`take away ${list(loses)}`] : []),
    ...(changes.length > 0 ? [`put ${list(changes)} in the place of another version`] : []),
    ...(leavesOut.length > 0 ? [`leave out ${list(leavesOut)}`] : []),
  ].join(', ');
}

function list(packages: readonly PackageChange[]): string {
  const shown = packages.slice(0, 6).map(({ name, version, arch }) => `${name}-${version}.${arch}`);
  return packages.length > shown.length
    ? `${shown.join(', ')} and ${packages.length - shown.length} more`
    : shown.join(', ');
}

function warn(emit: Emit, text: string): void {
  emit({ type: 'note', level: 'warning', text });
}

function lastLine(text: string): string {
  return text.trim().split('\n').at(-1)?.slice(0, 300) ?? '';
}
