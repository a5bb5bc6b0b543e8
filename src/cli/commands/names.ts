/** `tapprep names`: the packages that a target needs, without any network; with --batch one JSON target a line. */
import { isNamedByHabit } from '../../detect/any-release.ts';
import { EXIT, isTapprepError, TapprepError } from '../../errors.ts';
import { tapprep } from '../../make-remedy.ts';
import { type DeclaredHost, declareTarget } from '../../detect/target.ts';
import type { Place } from '../../diagnose/place.ts';
import { namePackages } from '../../resolve/package-names.ts';
import type { PackageName, Target, TargetOptions } from '../../types.ts';
import type { Context } from '../context.ts';
import { hintOf, placeOfDescribed } from '../hint.ts';
import { readLineBatches } from '../line-batches.ts';
import { hostSettler } from '../settle-distro.ts';
import { MAX_LINE_CHARS, hostOf, parseRequest } from '../target-line.ts';
import { renderTable } from '../render/table.ts';

export interface NamesOptions {
  readonly target: TargetOptions;
  readonly batch: boolean;
}

/** What naming needs of the process. */
export type NamesContext = Pick<
  Context,
  'stdin' | 'stdout' | 'signal' | 'cwd' | 'common' | 'ssh' | 'env' | 'packageRoot'
>;

/** @returns 0; in a batch also when some lines were answered with an error. @throws TapprepError */
export async function runNames(context: NamesContext, { target: options, batch }: NamesOptions): Promise<number> {
  if (batch) return runBatch(context);
  const { openTarget } = await import('../../pipeline/open-target.ts');
  const { target } = await openTarget(context, options, 'look', 'named');
  const packages = nameAll(target);
  if (context.common.json) context.stdout.json({ target, packages });
  else context.stdout.write(renderNames(target, packages, context.stdout.columns));
  return EXIT.done;
}

/** @throws TapprepError UNKNOWN_RELEASE where the release makes no file name, so that only an index can tell */
function nameAll(target: Target): readonly PackageName[] {
  const { release, distro } = target;
  const isKnown = target.kernelFamily !== 'rpm' || isNamedByHabit(target.versionRelease, release, distro);
  const packages = isKnown ? namePackages(target) : [];
  if (packages.length > 0) return packages;
  throw new TapprepError(
    'UNKNOWN_RELEASE',
    `kernel release ${release} of ${distro} has no version and release that a package is named by; no package source was asked for it`,
    { remedy: tapprep('plan'), facts: { release, distro } },
  );
}

/** Answers every line, in order, as it comes: a bad one with its error. */
async function runBatch(context: NamesContext): Promise<number> {
  const settleHost = hostSettler(context, false);
  for await (const lines of readLineBatches(context.stdin, MAX_LINE_CHARS, context.signal)) {
    const asked = lines.filter((line) => line === null || line.trim() !== '');
    const answers = await Promise.all(asked.map((line) => answerLine(line, settleHost)));
    if (answers.length === 0 || context.stdout.jsonLines(answers)) continue;
    await context.stdout.drained(context.signal);
  }
  return EXIT.done;
}

async function answerLine(
  line: string | null,
  settleHost: (host: DeclaredHost) => Promise<DeclaredHost>,
): Promise<object> {
  let id: unknown = null;
  let place: Place | undefined;
  try {
    const request = parseRequest(line);
    id = request['id'] ?? null;
    const host = await settleHost(hostOf(request));
    place = placeOfDescribed(host);
    return { id, packages: nameAll(declareTarget(host, 'named')) };
  } catch (error) {
    if (!isTapprepError(error)) throw error;
    const { code, message } = error;
    return { id, error: { code, message, hint: hintOf(error, place) } };
  }
}

function versionOf({ version, match, suffix = '' }: PackageName): string {
  if (version === null) return '(the index knows)';
  return match === 'prefix' ? `${version}.*${suffix}` : version;
}

function renderNames(target: Target, packages: readonly PackageName[], columns: number | null): string {
  const isHabit = target.kernelFamily === 'rpm' || target.kernelFamily === 'deb';
  // The index has to confirm more than the version.
  const isGuess = ({ match, version }: PackageName): boolean => isHabit || (match === 'index' && version !== null);
  const rows = packages.map((each) => [
    `${each.role}${each.alternative === undefined ? '' : `, one of (${each.alternative})`}${isGuess(each) ? ', a guess' : ''}`,
    each.name,
    versionOf(each),
    each.arch,
  ]);
  const table = renderTable(['role', 'name', 'version', 'arch'], rows, columns);
  return packages.some(isGuess)
    ? `${table}\nA guess is a name as most packages have it: "tapprep plan" asks the sources whether it is there.\n`
    : `${table}\n`;
}
