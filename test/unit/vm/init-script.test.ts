import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';

test.each<readonly [string, ...string[]]>([
  ['shellcheck', '--shell=sh'],
  ['busybox', 'sh', '-n'],
  ['dash', '-n'],
])('%s finds nothing wrong in the guest’s init', (program, ...args) => {
  expect(execFileSync(program, [...args, 'src/vm/init.sh'], { encoding: 'utf8' })).toBe('');
});

test('an exit status counts once it is written, not once its file is there: an empty one was taken for a guest that went down', () => {
  const init = readFileSync('src/vm/init.sh', 'utf8');
  expect(init.match(/-s "\$work\/\S+\.status"/g)?.length).toBeGreaterThan(3);
  expect(init).not.toMatch(/-[ef] "\$work\/\S+\.status"/);
});
