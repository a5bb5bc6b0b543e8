/** What is said of a kernel whose form no table knows, once its sources were asked: only evidence makes "nobody has it". */
import { identifyTarget } from '../detect/target.ts';
import { adviceOf, isTapprepError, TapprepError } from '../errors.ts';
import type { Repository } from '../types.ts';
import type { OpenTarget } from './open-target.ts';

/** Why the tables refuse the kernel of a target; null where they know it. */
export function refusalOf({ facts, target }: OpenTarget): TapprepError | null {
  const { release, arch, unameV } = target;
  try {
    identifyTarget(facts, { release, arch, unameV });
    return null;
  } catch (error) {
    if (isTapprepError(error)) return error;
    throw error;
  }
}

/** Sources that somebody named for this very target, as against the list, which names those of whole distributions. */
export function isOwn({ origin }: Repository): boolean {
  return origin === 'target' || origin === 'override';
}

/** Codes that say: it is not there. Every other one says that nobody can know. */
const ABSENT = ['NO_EXACT_PACKAGE', 'NO_REPOSITORY'] as const;

/**
 * The error to end with where the sources have no package of a kernel that the tables refuse.
 * @param asked every repository that was asked, in order
 */
export function explainUnlisted(error: unknown, refusal: TapprepError, asked: readonly Repository[]): unknown {
  if (!isTapprepError(error) || !ABSENT.some((code) => code === error.code)) return error;
  const unanswered = listOf(error.facts['unanswered']);
  const answered = asked.map(({ id }) => id).filter((id) => !unanswered.includes(id));
  const hasOwn = asked.some((repository) => isOwn(repository) && answered.includes(repository.id));
  const isSettled = hasOwn && unanswered.length === 0;
  const code = refusal.code === 'UNKNOWN_RELEASE' && isSettled ? 'CUSTOM_KERNEL_NO_PACKAGE' : refusal.code;
  const said = [
    answered.length === 0 ? 'no source was asked' : `asked, and without it: ${answered.join(', ')}`,
    ...(unanswered.length === 0 ? [] : [`not asked, because they did not answer: ${unanswered.join(', ')}`]),
    ...(hasOwn ? [] : ['its own sources are not known here']),
  ];
  return new TapprepError(code, `${sentenceOf(refusal)}; ${said.join('; ')}`, {
    ...adviceOf(refusal),
    facts: { ...refusal.facts, asked: answered, unanswered },
    cause: error,
  });
}

/** What the tables say without the word that nobody was asked. */
function sentenceOf({ facts, message }: TapprepError): string {
  const said = facts['said'];
  return typeof said === 'string' ? said : message;
}

function listOf(value: unknown): readonly string[] {
  return Array.isArray(value) ? value.filter((each) => typeof each === 'string') : [];
}
