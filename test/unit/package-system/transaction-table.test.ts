import { expect, test } from 'vitest';
import { readTransactionTable } from '../../../src/package-system/transaction-table.ts';

const RULE = '='.repeat(80);

function table(heading: string, end = 'Transaction Summary'): string {
  return ` Package  Arch  Version  Repository  Size\n${heading}:\n a  noarch  1-1  x  1 k\n\n${end}\n`;
}

test('a row that does not fit its columns goes on in the next line', () => {
  const text = `
Dependencies resolved.
${RULE}
 Package                         Arch    Version            Repository     Size
${RULE}
Installing:
 kernel-debug-debuginfo-common-x86_64
                                 x86_64  5.14.0-503.el9     @commandline  6.1 k
 kernel-devel                    x86_64  1:5.14.0-503.40.1.el9_5
                                                            @commandline  6.1 k
Upgrading:
 kernel-debuginfo                x86_64  5.14.0-503.el9     @commandline  6.1 k
     replacing  kernel-debuginfo.x86_64 5.14.0-502.el9
Removing dependent packages:
 kmod-old                        x86_64  0:1-1.el9          @System       2  

Transaction Summary
${RULE}
Install  2 Packages
Operation aborted.
`;
  expect(readTransactionTable(text)).toEqual({
    adds: [
      { name: 'kernel-debug-debuginfo-common-x86_64', arch: 'x86_64', version: '5.14.0-503.el9' },
      { name: 'kernel-devel', arch: 'x86_64', version: '1:5.14.0-503.40.1.el9_5' },
    ],
    replaces: [{ name: 'kernel-debuginfo', arch: 'x86_64', version: '5.14.0-503.el9' }],
    removes: [
      { name: 'kernel-debuginfo', arch: 'x86_64', version: '5.14.0-502.el9' },
      { name: 'kmod-old', arch: 'x86_64', version: '1-1.el9' },
    ],
  });
});

test("yum's shell puts its prompt before what it prints", () => {
  const text = `Setting up Yum Shell
> Setting up Install Process
> --> Running transaction check
> ${RULE}
 Package            Arch   Version              Repository                 Size
${RULE}
Installing:
 kernel-devel       x86_64 2.6.32-642.el6       /kernel-devel-2.6.32-642.el6.x86_64
                                                                           24 M
Installing for dependencies:
 perl               x86_64 4:5.10.1-144.el6     base                       10 M

Transaction Summary
${RULE}
Install       2 Package(s)

> Leaving Shell
`;
  expect(readTransactionTable(text)?.adds.map(({ name, version }) => `${name} ${version}`)).toEqual([
    'kernel-devel 2.6.32-642.el6',
    'perl 4:5.10.1-144.el6',
  ]);
});

test('a heading that is not known, a table that is cut, an error: not understood', () => {
  expect(readTransactionTable(table('Installing'))).toMatchObject({ adds: [{ name: 'a' }] });
  expect(readTransactionTable(table('Enabling module streams'))).toBeNull();
  expect(readTransactionTable(table('Installing', ''))).toBeNull();
  expect(readTransactionTable('Error: Unable to find a match: kernel-devel\n')).toBeNull();
  expect(readTransactionTable('Dependencies resolved.\nNothing to do.\nComplete!\n')?.adds).toEqual([]);
});
