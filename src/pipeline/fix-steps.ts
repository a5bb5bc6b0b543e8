/** Which remedies tapprep carries out itself. The others are for people, and stay theirs. Pure. */
import { isStapCache } from '../detect/stap-cache.ts';
import type { Place } from '../diagnose/place.ts';
import { renderRemedy } from '../diagnose/render-remedy.ts';
import type { HostFacts, Remedy, Sentence, Target } from '../types.ts';
import { say } from '../sentence.ts';

/** Each with its command, for people: what is done is the remedy. */
export type FixStep =
  | { readonly kind: 'install'; readonly command: string }
  | { readonly kind: 'purge'; readonly command: string; readonly paths: readonly string[] }
  | { readonly kind: 'left'; readonly command: string; readonly reason: Sentence };

const LEFT = say('it changes more than the packages and caches that tapprep answers for');

/** The steps in the order of the remedies. @param place what the commands are written for */
export function planFixes(
  remedies: readonly Remedy[],
  facts: Pick<HostFacts, 'systemtap'>,
  target: Target | null,
  place: Place,
): readonly FixStep[] {
  return remedies.flatMap((remedy): readonly FixStep[] => {
    // The proof at the end is made in any case.
    if (remedy.kind === 'tapprep' && remedy.words[0] === 'verify') return [];
    const commands = renderRemedy(remedy, place);
    const command = commands.join(' && ');
    if (remedy.kind === 'prepare-kernel') return [planInstall(remedy, target, command)];
    if (remedy.kind === 'empty-caches') return planPurge(remedy, facts.systemtap?.cachePaths ?? [], command);
    return commands.map((one) => ({ kind: 'left', command: one, reason: LEFT }));
  });
}

type RemedyOf<Kind extends Remedy['kind']> = Extract<Remedy, { readonly kind: Kind }>;

function planInstall({ release }: RemedyOf<'prepare-kernel'>, target: Target | null, command: string): FixStep {
  if (target === null) return { kind: 'left', command, reason: say('no packages are published for this kernel') };
  if (release === null || release === target.release) return { kind: 'install', command };
  return { kind: 'left', command, reason: say(`it is for kernel ${release}, and the target's is ${target.release}`) };
}

/** Only caches that are known to be there are removed: the paths come from the target, and all below them goes. */
function planPurge(remedy: RemedyOf<'empty-caches'>, known: readonly string[], command: string): readonly FixStep[] {
  const paths = remedy.paths.length === 0 ? known : remedy.paths;
  const foreign = paths.find((path) => !isStapCache(path) || !known.includes(path));
  if (foreign !== undefined)
    return [{ kind: 'left', command, reason: say(`${foreign} is not where stap keeps a cache`) }];
  return paths.length === 0 ? [] : [{ kind: 'purge', command, paths }];
}
