/** Another user beside a root run, for longer than `npm test` takes. */
import { raceForCache } from '../helpers/cache-race.ts';
import { type Trial, require } from './trial.ts';

/** About a minute on an idle machine. */
const ROUNDS = 60;

export function raceTrials(): readonly Trial[] {
  return [
    {
      name: `another user around the cache of ${ROUNDS} root runs`,
      run: async () => {
        const { installed, refused, lost } = await raceForCache(ROUNDS);
        require(lost.length === 0, lost.join('; '));
        require(installed >= ROUNDS / 3 && refused >= ROUNDS / 3, `${installed} installed, ${refused} refused`);
      },
    },
  ];
}
