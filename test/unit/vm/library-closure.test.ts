import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, realpathSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { isTapprepError } from '../../../src/errors.ts';
import { createLocalHost } from '../../../src/host/local.ts';
import { resolveInRoot } from '../../../src/host/root-path.ts';
import { collectLibraryClosure } from '../../../src/vm/library-closure.ts';
import { createRecordedHost } from '../../helpers/recorded-host.ts';

const directory = mkdtempSync(join(tmpdir(), 'tapprep-closure-'));
afterAll(() => rmSync(directory, { recursive: true }));

test.each(['/bin/ls', '/usr/bin/xz', '/usr/bin/gpgv'])(
  '%s: what ldd lists, and nothing that ldd does not',
  async (program) => {
    const files = await collectLibraryClosure(createLocalHost(), [program]);
    const listed = [...execFileSync('ldd', [program], { encoding: 'utf8' }).matchAll(/(\/\S+) \(0x/g)].map((match) =>
      realpathSync(match[1] ?? ''),
    );
    const found = new Set(files.map(({ source }) => realpathSync(source)));
    for (const path of listed) expect(found).toContain(path);
    const extra = [...found].filter((path) => !listed.includes(path) && path !== realpathSync(program));
    // Opened by name at run time, so ldd does not know of them.
    expect(extra.filter((path) => !/\/(libgcc_s|libnss_files)[^/]*$/.test(path))).toEqual([]);
  },
);

/** A root with a program that needs one library, where links are absolute and the library lies in a directory of its own. */
function buildRoot(name: string): string {
  const root = join(directory, name);
  const write = (path: string, make: (target: string) => void): void => {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    make(join(root, path));
  };
  const source = join(directory, 'own.c');
  writeFileSync(source, 'int own(void) { return 0; }\n');
  const main = join(directory, 'main.c');
  writeFileSync(main, 'int own(void); int main(void) { return own(); }\n');
  write('/opt/own/libown.so.1.0', (path) =>
    execFileSync('gcc', ['-shared', '-nostdlib', '-Wl,-soname,libown.so.1', '-o', path, source]),
  );
  symlinkSync('/opt/own/libown.so.1.0', join(root, 'opt/own/libown.so.1'));
  write('/usr/bin/tool', (path) =>
    execFileSync('gcc', ['-o', path, main, '-nostartfiles', '-nodefaultlibs', join(root, 'opt/own/libown.so.1.0')]),
  );
  write('/usr/lib64/ld.so', (path) => writeFileSync(path, 'loader'));
  symlinkSync('/usr/lib64', join(root, 'lib64'));
  symlinkSync('ld.so', join(root, 'usr/lib64/ld-linux-x86-64.so.2'));
  return root;
}

test('links are followed inside the root, and what only ld.so.conf leads to is put where the guest looks', async () => {
  const root = buildRoot('root');
  const localPath = (path: string): string => resolveInRoot(root, path);
  const host = {
    ...createRecordedHost(root, {}),
    localPath,
    fetchFile: (path: string) => Promise.resolve(localPath(path)),
  };
  const failed: unknown = await collectLibraryClosure(host, ['/usr/bin/tool']).catch((error: unknown) => error);
  expect(isTapprepError(failed, 'TOOL_MISSING')).toBe(true);
  mkdirSync(join(root, 'etc/ld.so.conf.d'), { recursive: true });
  writeFileSync(join(root, 'etc/ld.so.conf'), 'include /etc/ld.so.conf.d/*.conf\n');
  writeFileSync(join(root, 'etc/ld.so.conf.d/own.conf'), '# ours\n/opt/own\n');
  const files = await collectLibraryClosure(host, ['/usr/bin/tool']);
  expect(Object.fromEntries(files.map(({ path, source }) => [path, source.slice(root.length)]))).toEqual({
    '/usr/bin/tool': '/usr/bin/tool',
    '/lib64/ld-linux-x86-64.so.2': '/usr/lib64/ld.so',
    '/opt/own/libown.so.1': '/opt/own/libown.so.1.0',
    '/usr/lib64/libown.so.1': '/opt/own/libown.so.1.0',
    '/usr/lib/libown.so.1': '/opt/own/libown.so.1.0',
  });
});
