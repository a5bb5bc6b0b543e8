/**
 * A failure that no row explains, on a real kernel: a mend is drawn and taken out of the table. And every kernel of the lab with
 * every version range taken away: what is there decides. LAB_SEED=N draws the same again.
 */
import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { parseCase } from '../../src/diagnose/cases/case-file.ts';
import { rehearse, type RehearseReport } from '../../src/pipeline/rehearse.ts';
import { type Mend, MENDS } from '../../src/systemtap/mends/table.ts';
import { renderHtml } from '../../src/report/html.ts';
import { describeRehearsal } from '../../src/report/preflight.ts';
import { describeLookedUp } from '../../src/systemtap/mends/look-up.ts';
import { declareLabTarget, findLabKernel, LAB_ROOT_OPTIONS, openLabSession } from '../helpers/lab-session.ts';
import { MEND_ROWS, type MendRow } from '../helpers/mend-rows.ts';

const seed = Number(process.env['LAB_SEED'] ?? Math.floor(Math.random() * 1_000_000));
const drawn = MEND_ROWS[seed % MEND_ROWS.length] ?? MEND_ROWS[0];
process.stdout.write(`LAB_SEED=${seed} draws ${drawn?.by.join(' and ') ?? ''} on ${drawn?.distro ?? ''}\n`);

async function rehearseWith({ distro, release, systemtap }: MendRow, mends: readonly Mend[]): Promise<RehearseReport> {
  const kernel = release ?? (await findLabKernel(distro));
  const choice = systemtap === 'distro' ? systemtap : { version: systemtap };
  return rehearse(await openLabSession(mends), declareLabTarget(distro, kernel), {
    ...LAB_ROOT_OPTIONS,
    level: 'probe',
    scripts: [],
    systemtap: choice,
  });
}

test('the report names the symbol, what the kernel has instead, and the file; with the row back it is proven', async () => {
  const row = drawn as MendRow;
  const without = await rehearseWith(
    row,
    MENDS.filter(({ id }) => !row.by.includes(id)),
  );
  expect(without.verify.ready).toBe(false);
  const failed = without.systemtap.find(({ caseFile }) => caseFile !== undefined);
  const [first] = failed?.missing ?? [];
  expect(first === undefined ? '' : describeLookedUp(first)).toMatch(/this kernel|another form/);
  const text = readFileSync(failed?.caseFile ?? '', 'utf8');
  expect(parseCase(text)).toMatchObject({
    expect: ['STAP_TOO_OLD'],
    cause: expect.stringContaining(first?.name ?? 'none'),
  });
  expect(text).toMatch(/^# row: \{"stap"/m);
  const page = renderHtml(describeRehearsal(without), { madeAt: Date.now(), tapprepVersion: 'lab' });
  expect(page).toContain(first?.name);
  expect(page).toContain(failed?.caseFile);
  const back = await rehearseWith(row, MENDS);
  expect(back.verify.ready).toBe(true);
  expect(back.systemtap.find(({ ready }) => ready)?.mended?.mends).toEqual(row.by);
});

const BARE = MENDS.map((mend) => ({ ...mend, kernels: [] }));

test.each(MEND_ROWS)(
  '$distro $release with SystemTap $systemtap: proven by the same mends without any range',
  async (row) => {
    const { verify, systemtap } = await rehearseWith(row, BARE);
    const taken = systemtap.find(({ ready }) => ready);
    expect(verify.ready).toBe(true);
    expect(taken?.mended?.mends).toEqual(row.by);
    expect(taken?.outside?.map(({ mend }) => mend)).toEqual(row.by);
  },
);
