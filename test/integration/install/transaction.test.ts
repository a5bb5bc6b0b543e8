/** What a transaction may replace, and what of it is tapprep's afterwards: in roots with the real dpkg. */
import { afterAll, beforeEach, expect, test } from 'vitest';
import { failureOf } from '../../helpers/failure-of.ts';
import { asArtifact, TransactionLab, type TransactionRoot } from '../../helpers/transaction-lab.ts';

const lab = new TransactionLab();
const gcc = { old: lab.build('gcc', '4:10.2.1-1'), new: lab.build('gcc', '4:12.2.0-3') };
let root: TransactionRoot;

beforeEach(() => {
  root = lab.openRoot();
});
afterAll(() => lab.close());

test('a plan that knows nothing of what is installed replaces nothing unasked', async () => {
  root.dpkg('--install', gcc.new);
  const failure = await failureOf(root.install([asArtifact(gcc.old)]));
  expect(failure).toMatchObject({
    code: 'INSTALL_FAILED',
    message: expect.stringContaining('gcc 4:12.2.0-3 -> 4:10.2.1-1'),
    facts: { replacing: [{ name: 'gcc', from: '4:12.2.0-3', to: '4:10.2.1-1' }] },
  });
  expect(root.packages()).toEqual(['gcc 4:12.2.0-3 installed']);
});

test('what a plan says that it replaces is there in another version: allowed, that one is told', async () => {
  root.dpkg('--install', gcc.new);
  const { replaced } = await root.install([asArtifact(gcc.old, { replaces: '4:9-1' })], { allowUpgrade: true });
  expect(replaced).toEqual([{ name: 'gcc', from: '4:12.2.0-3', to: '4:10.2.1-1' }]);
});
