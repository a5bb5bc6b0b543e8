/** Whether a bundle was made for the target that is here. Pure. */
import { TapprepError } from '../errors.ts';
import { tapprep } from '../make-remedy.ts';
import { isSameRelease } from '../mirrors/same-release.ts';
import type { Target } from '../types.ts';
import { kernelPackageVersion } from '../package-system/systems.ts';

type Reader = (target: Target) => string | null;

/** What is compared, and how it is called in a sentence. What one of the two sides does not know says nothing. */
const COMPARED: readonly (readonly [string, Reader])[] = [
  ['architecture', ({ arch }) => arch],
  ['kernel', ({ release }) => release],
  ['package family', ({ family }) => family],
  ['distribution', ({ distro }) => distro],
  ['build', ({ unameV }) => unameV],
  ['build-id', ({ buildId }) => buildId],
  ['kernel package', kernelPackageVersion],
];

/** @throws TapprepError WRONG_TARGET with both sides of the first difference */
export function requireSameTarget(made: Target, here: Target, bundle: string): void {
  for (const [what, read] of COMPARED) {
    const [wanted, found] = [read(made), read(here)];
    if (wanted !== null && found !== null && wanted !== found) throw differs(bundle, what, wanted, found);
  }
  if (isSameRelease(made, here)) return;
  throw differs(bundle, 'distribution release', made.version ?? '', here.version ?? '');
}

function differs(bundle: string, what: string, wanted: string, found: string): TapprepError {
  return new TapprepError('WRONG_TARGET', `${bundle} was made for ${what} ${wanted}, but the target has ${found}`, {
    remedy: tapprep('detect', '--json'),
    hint: 'what it prints is FACTS of "tapprep bundle --facts FACTS --out FILE", elsewhere',
    facts: { what, bundle: wanted, target: found },
  });
}
