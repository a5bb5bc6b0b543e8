import { describe, expect, test } from 'vitest';
import { keepDirectives } from '../../../src/detect/source-directives.ts';

const keep = (path: string, text: string): string => keepDirectives({ path, text }).text;

describe('of a package source file only what tapprep reads becomes a fact', () => {
  test('apt, one line each', () => {
    const text = `# password=hunter2\ndeb [arch=amd64] http://u:p@h/debian sid main # token hunter2\n  continued hunter2\ndeb-src http://h/ sid main\n`;
    expect(keep('/etc/apt/sources.list', text)).toBe(
      'deb [arch=amd64] http://***@h/debian sid main\ndeb-src http://h/ sid main\n',
    );
  });

  test('apt, stanzas: a field of others goes with its continuation lines, a key block stays whole', () => {
    const block = 'Signed-By:\n -----BEGIN PGP PUBLIC KEY BLOCK-----\n .\n mQ==\n -----END PGP PUBLIC KEY BLOCK-----';
    const text = `Types: deb\nURIs: http://h/\n# password=hunter2\n http://u:p@h2/\nX-Login: me\n hunter2\nSuites: sid\n${block}\n\nNote: hunter2\n`;
    expect(keep('/etc/apt/sources.list.d/a.sources', text)).toBe(
      `Types: deb\nURIs: http://h/\n http://***@h2/\nSuites: sid\n${block}\n`,
    );
  });

  test.each(['/etc/yum.repos.d/a.repo', '/etc/zypp/repos.d/a.repo'])('%s', (path) => {
    const text = `[a]\n; hunter2\nname=A\nbaseurl=http://u:p@h/\n  http://h2/\npassword=hunter2\n  hunter2\nproxy_password: hunter2\nusername=hunter2\nenabled=1\n`;
    expect(keep(path, text)).toBe('[a]\nname=A\nbaseurl=http://***@h/\n  http://h2/\nusername=***\nenabled=1\n');
  });

  test('variables of yum: the first line, but not of one that is called a secret', () => {
    expect(keep('/etc/yum/vars/releasever', '7\nhunter2\n')).toBe('7\n');
    expect(keep('/etc/dnf/vars/repotoken', 'hunter2\n')).toBe('***\n');
  });

  test('a file of another form is empty', () => {
    expect(keep('/etc/apt/auth.conf', 'machine h login u password hunter2\n')).toBe('');
  });

  test('twice is as once', () => {
    const text = '\n[a]\nname=A\n\n\n[b]\nbaseurl=http://u:p@h/\n\n';
    const once = keep('/etc/yum.repos.d/a.repo', text);
    expect(keep('/etc/yum.repos.d/a.repo', once)).toBe(once);
  });
});
