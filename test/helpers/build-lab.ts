/** A small source that is configured, made and installed like SystemTap's, and a root in which that works. */
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { copyFileSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { createRootHost } from '../../src/host/root.ts';
import type { BuildRequest } from '../../src/systemtap/build/build.ts';
import type { SourceTarball } from '../../src/systemtap/build/find-source.ts';
import type { Sha256 } from '../../src/types.ts';

export const BUILD_PREFIX = '/opt/tapprep/systemtap-5.5';

/** busybox, make and tar, with which a small source can be configured, made and installed. */
export function makeBuildRoot(directory: string): string {
  for (const name of ['bin', 'var/lib/dpkg', 'var/tmp', 'opt', 'tmp'])
    mkdirSync(join(directory, name), { recursive: true });
  writeFileSync(join(directory, 'var/lib/dpkg/status'), '');
  copyFileSync('/bin/busybox', join(directory, 'bin/busybox'));
  for (const applet of [
    'sh',
    'mktemp',
    'rm',
    'rmdir',
    'ls',
    'mkdir',
    'cp',
    'chmod',
    'cat',
    'false',
    'mv',
    'id',
    'ln',
    'readlink',
  ]) {
    symlinkSync('busybox', join(directory, 'bin', applet));
  }
  // These are the real ones: busybox's tar needs /proc to unpack anything packed.
  for (const program of ['/usr/bin/make', '/bin/tar', '/bin/gzip', '/usr/bin/dpkg', '/usr/bin/dpkg-query']) {
    const libraries = execFileSync('ldd', [program], { encoding: 'utf8' }).match(/\/\S+/g) ?? [];
    for (const path of [program, ...libraries]) {
      mkdirSync(join(directory, dirname(path)), { recursive: true });
      copyFileSync(path, join(directory, path));
    }
  }
  return directory;
}

const CONFIGURE = `#!/bin/sh
for word; do case $word in --prefix=*) prefix=\${word#--prefix=} ;; esac; done
[ ! -f broken ] || { echo "configure: error: need boost headers" >&2; exit 1; }
echo "options $*"
cat >Makefile <<END
to = \\$(DESTDIR)$prefix
all:
	cat made >stap
install:
	mkdir -p \\$(to)/bin \\$(to)/libexec/systemtap
	cp stap \\$(to)/bin/stap
	cp stap \\$(to)/bin/staprun
	cp stap \\$(to)/libexec/systemtap/stapio
	chmod 755 \\$(to)/bin/stap \\$(to)/bin/staprun \\$(to)/libexec/systemtap/stapio
	sh ./last
END
`;

/** A source that builds, with what is to go wrong in it. */
export function makeSource(scratch: string, name: string, extra: Readonly<Record<string, string>> = {}): string {
  const tree = join(scratch, `tree-${name}`, 'systemtap-5.5');
  mkdirSync(tree, { recursive: true });
  const files = { configure: CONFIGURE, made: '#!/bin/sh\necho built\n', last: 'exit 0\n', ...extra };
  for (const [file, text] of Object.entries(files)) writeFileSync(join(tree, file), text);
  const path = join(scratch, `${name}.tar.gz`);
  execFileSync('tar', ['-C', dirname(tree), '-czf', path, 'systemtap-5.5']);
  return path;
}

/** To build it in a root. */
export function buildRequest(root: string, tarballPath: string, logPath: string): BuildRequest {
  const source: SourceTarball = {
    version: '5.5',
    fileName: 'systemtap_5.5.orig.tar.gz',
    urls: ['http://mirror.example/x'],
    sizeBytes: 1,
    sha256: sha256(readFileSync(tarballPath)) as Sha256,
    index: 'http://mirror.example/InRelease',
    signer: null,
  };
  return {
    host: createRootHost(root),
    source,
    tarballPath,
    prefix: BUILD_PREFIX,
    logPath,
    release: '6.1.0-56-amd64',
    tapprepVersion: '0.0.0',
    emit: () => undefined,
    now: () => Date.UTC(2026, 10, 23),
    signal: new AbortController().signal,
  };
}

/** Hex. */
export function sha256(data: Uint8Array): string {
  return createHash('sha256').update(data).digest('hex');
}
