/** `tapprep detect`: what is observed of the target, and which kernel that makes it. */
import { readFileSync } from 'node:fs';
import { PROBE_PATH } from '../../detect/facts.ts';
import { identifyTarget } from '../../detect/target.ts';
import { EXIT, exitCodeOf, isTapprepError, type TapprepError } from '../../errors.ts';
import type { HostFacts, Target, TargetOptions } from '../../types.ts';
import type { Context } from '../context.ts';
import { errorJson, renderError } from '../exit-codes.ts';
import { openHost } from '../../pipeline/open-target.ts';
import { renderFacts } from '../render/facts-text.ts';

export interface DetectOptions {
  readonly target: TargetOptions;
}

type Identified =
  | { readonly target: Target; readonly error: null }
  | { readonly target: null; readonly error: TapprepError };

/**
 * Prints facts and target; with --json {facts, target} or {facts, target: null, error}, which --facts takes again.
 * @returns 0, or the error's exit code when the kernel is none that packages exist for
 * @throws TapprepError as openHost
 */
export async function runDetect(context: Context, { target: options }: DetectOptions): Promise<number> {
  const { facts } = await openHost(context, options);
  const { target, error } = identify(facts, options);
  if (context.common.json) {
    const report = error === null ? { facts, target } : { facts, target, ...errorJson(error, context.place) };
    context.stdout.json(report);
  } else {
    context.stdout.write(renderFacts(facts, target));
    if (error !== null) context.stderr.write(renderError(error, context.common.verbose, context.place));
  }
  return error === null ? EXIT.done : exitCodeOf(error);
}

/** For a machine that has no tapprep, and no ssh from here. */
export function printScript({ stdout }: Context): number {
  stdout.write(readFileSync(PROBE_PATH, 'utf8'));
  return EXIT.done;
}

function identify(facts: HostFacts, { arch, unameV }: TargetOptions): Identified {
  try {
    return { target: identifyTarget(facts, { arch, unameV }), error: null };
  } catch (error) {
    if (!isTapprepError(error)) throw error;
    return { target: null, error };
  }
}
