/** The shell texts that make the events run in busybox; they are read by all shells that can judge them. */
import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { loadCatalogue } from '../../../src/scripts/catalogue.ts';

const catalogue = await loadCatalogue(join(import.meta.dirname, '../../..'));
const texts = catalogue.flatMap(({ name, event, prepare }) => [
  [name, event] as const,
  ...(prepare === null ? [] : [[`${name} (prepare)`, prepare] as const]),
]);

const JUDGES = [
  ['busybox', 'sh', '-n'],
  ['dash', '-n'],
  // SC2317: not every event calls the function that they share.
  ['shellcheck', '--shell=sh', '--exclude=SC2317', '-'],
] as const;

test.each(texts)('%s', (_, text) => {
  for (const [tool, ...args] of JUDGES) {
    const judge = (): string =>
      execFileSync(tool, args, { input: text, encoding: 'utf8', stdio: ['pipe', 'pipe', 'pipe'] });
    expect(judge).not.toThrow();
  }
});
