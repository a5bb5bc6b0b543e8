/** A module from the stap cache was used again after the environment had changed. */
import type { Fault } from '../fault.ts';
import { EMPTY_CACHE } from '../../make-remedy.ts';

export const STALE_CACHE: Fault = {
  summary: 'a module from the stap cache was used again after the environment had changed',
  page: {
    meaning:
      'stap keeps compiled modules and does not notice that the packages below it were replaced: the old module is loaded and fails as before.',
    tell: 'Passes 3 and 4 say "using cached".',
    todo: 'Delete ~/.systemtap/cache after every repair, or run once with --poison-cache.',
  },
  beyondTarget: false,
  explains: [],
  remedy: () => ({
    remedies: [EMPTY_CACHE],
    otherwise:
      'Run once with --poison-cache. If the same message comes back after a fresh compilation, the cause is another.',
  }),
};
