/** What a list of verdicts from elsewhere may not do: be taken without a word, stand for what was seen here, leave a SystemTap out. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Candidate } from '../../src/systemtap/choose.ts';
import { sampleVerdict } from '../helpers/sample-verdict.ts';
import { type Attack, held, succeeded } from './attack.ts';

const GOOD: Candidate = { kind: 'distro', version: '5.6', packageVersion: '5.6-1', distro: 'debian' };
const OTHER: Candidate = {
  kind: 'portable',
  version: '5.1',
  packageVersion: '5.1-5',
  distro: 'debian',
  from: { distro: 'debian', suite: 'trixie' },
};
const IMPORTED = { kind: 'imported', signer: null, at: '2026-11-30T00:00:00.000Z' } as const;
const VERDICTS = 'src/systemtap/verdicts.ts';
const CHOOSE = 'src/systemtap/choose.ts';

export const attacks: readonly Attack[] = [
  {
    name: 'a list of verdicts that nobody signed is taken without a switch that says so',
    guard: [
      {
        file: 'src/cli/commands/verdicts.ts',
        text: 'if (allowUnsigned) return null;',
        replacement: 'if (!allowUnsigned) return null;',
      },
    ],
    attempt: async (tree) => {
      const list = await tree.load<typeof import('../../src/systemtap/verdict-list.ts')>(
        'src/systemtap/verdict-list.ts',
      );
      const path = join(tree.scratch(), 'seen.json');
      writeFileSync(path, list.renderVerdictList(list.makeVerdictList([sampleVerdict(OTHER, 'pass', 'pass')], 0)));
      const { code, stderr } = await tree.cli(['verdicts', 'import', path, '--cache-dir', tree.scratch()], {
        HOME: tree.scratch(),
      });
      return code === 0 ? succeeded('it counts from now on') : held(stderr.includes('UNSIGNED') ? 'UNSIGNED' : stderr);
    },
  },
  {
    name: 'an imported verdict stands in the place of one that this machine made',
    guard: [
      {
        file: VERDICTS,
        text: "each.origin.kind === 'here')) count.own += 1;",
        replacement: 'each.at === verdict.reason)) count.own += 1;',
      },
    ],
    attempt: async (tree) => {
      const cache = tree.scratch();
      const verdicts = await tree.load<typeof import('../../src/systemtap/verdicts.ts')>(VERDICTS);
      await verdicts.rememberVerdict(cache, sampleVerdict(GOOD, 'fail', 'skip'));
      const forged = { ...sampleVerdict(GOOD, 'pass', 'pass'), at: '2027-01-01T00:00:00.000Z' };
      await verdicts.importVerdicts(cache, [forged], IMPORTED);
      const [first] = await verdicts.recallVerdicts(cache, forged.kernel);
      return first?.rungs.hello === 'fail' ? held('what was seen here is first') : succeeded('the imported one counts');
    },
  },
  {
    name: 'an imported verdict keeps the SystemTap that works from being tried',
    guard: [
      {
        file: CHOOSE,
        text: "verdict?.origin.kind !== 'here' || reaches(",
        replacement: 'verdict === null || reaches(',
      },
    ],
    attempt: async (tree) => {
      const { chooseSystemtap, nameOf } = await tree.load<typeof import('../../src/systemtap/choose.ts')>(CHOOSE);
      const verdict = { ...sampleVerdict(GOOD, 'fail', 'skip'), candidate: nameOf(GOOD), origin: IMPORTED };
      const kernel = { series: '7.2', patch: { least: 13, most: 13 }, isVendor: false, text: '7.2.13' };
      const ranked = chooseSystemtap([GOOD, OTHER], 'auto', { kernel, rung: 'hello', verdicts: [verdict] });
      const isThere = ranked.some(({ name }) => name === nameOf(GOOD));
      return isThere ? held('it is tried, if last') : succeeded('it is left out');
    },
  },
];
