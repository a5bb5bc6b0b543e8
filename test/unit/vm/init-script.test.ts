import { execFileSync } from 'node:child_process';
import { expect, test } from 'vitest';

test.each<readonly [string, ...string[]]>([
  ['shellcheck', '--shell=sh'],
  ['busybox', 'sh', '-n'],
  ['dash', '-n'],
])('%s finds nothing wrong in the guest’s init', (program, ...args) => {
  expect(execFileSync(program, [...args, 'src/vm/init.sh'], { encoding: 'utf8' })).toBe('');
});
