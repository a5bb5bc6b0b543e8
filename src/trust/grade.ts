/** By whose word a file will be believed, told from its requirement before anything is fetched. Pure. */
import type { TrustRequirement } from '../types.ts';

/** `index`: a signed index names its digest; `package`: it carries its maker's signature; `nobody`: nobody signed it. */
export type TrustGrade = 'index' | 'package' | 'nobody';

/** A build-id is no grade: it tells which kernel a file says it belongs to, and never who made it. */
export function gradeOf(trust: TrustRequirement): TrustGrade {
  switch (trust.kind) {
    case 'signed-index':
      return 'index';
    case 'rpm-signature':
      return trust.trust.packages === 'signed' ? 'package' : 'nobody';
    case 'unsigned-index':
      return 'nobody';
  }
}
