/** A suite with a small SystemTap in it: real packages of real programs and libraries, in a signed archive on loopback. */
import { execFileSync } from 'node:child_process';
import { copyFileSync, mkdirSync, realpathSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { Session } from '../../src/pipeline/session.ts';
import { acquireArtifacts } from '../../src/pipeline/acquire.ts';
import type { PortableContext, PortableRequest } from '../../src/systemtap/portable/request.ts';
import type { Repository } from '../../src/types.ts';
import { DebLab, type ControlFields } from './deb-lab.ts';
import { debRepository } from './deb-records.ts';
import { type DirectoryServer, serveDirectory } from './directory-server.ts';
import { openFetchLab, type FetchLab } from './fetch-lab.ts';
import { GpgHome, type TestKey } from './gpg.ts';
import { runLocally } from './run.ts';

export const REQUEST: PortableRequest = {
  distro: 'debian',
  suite: 'lab',
  version: '5.1',
  arch: 'x86_64',
  debArch: 'amd64',
};

/** Says its libraries' words, what it was told by the environment and its arguments; "run" starts a shell command. */
const PROGRAM = `
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
const char *greet(void);
int main(int argc, char **argv) {
  if (argc > 2 && !strcmp(argv[1], "run")) return system(argv[2]) == 0 ? 0 : 3;
  printf("%s\\nruntime=%s\\ntapset=%s\\nstaprun=%s\\nstapio=%s\\n", greet(), getenv("SYSTEMTAP_RUNTIME"),
         getenv("SYSTEMTAP_TAPSET"), getenv("SYSTEMTAP_STAPRUN"), getenv("SYSTEMTAP_STAPIO"));
  for (int i = 1; i < argc; i++) printf("argument=%s\\n", argv[i]);
  return argc > 1 && !strcmp(argv[1], "fail") ? 7 : 0;
}
`;
const GREET = 'const char *deep(void); const char *greet(void) { return deep(); }\n';
const DEEP = 'const char *deep(void) { return "hello from the deep"; }\n';

const LIBRARIES = 'usr/lib/x86_64-linux-gnu';

/** Path in the package to what lies there: a text, a file of this machine, or a link. */
type Content = string | { readonly file: string; readonly mode?: number } | { readonly link: string };

export class PortableLab {
  readonly gpg: GpgHome = new GpgHome();
  readonly debs: DebLab = new DebLab(this.gpg);
  readonly key: TestKey = this.gpg.makeKey('archive', 'rsa2048');
  #server: DirectoryServer | null = null;
  #fetching: FetchLab | null = null;

  get server(): DirectoryServer {
    if (this.#server === null) throw new Error('the lab is not open');
    return this.#server;
  }

  get cacheDir(): string {
    return this.#fetching?.cacheDir ?? '';
  }

  get events(): FetchLab['events'] {
    return this.#fetching?.events ?? [];
  }

  /** Builds the packages and three archives of them: "whole", "expired", and "partial", which lacks libdeep2. */
  async open(): Promise<void> {
    const packages = this.#buildPackages();
    const write = (name: string, some: readonly string[], release: ControlFields): string =>
      this.debs.writeArchive(name, { suite: 'lab', packages: some, key: this.key, release });
    const today = { Date: new Date().toUTCString() };
    write('whole', packages, today);
    write(
      'partial',
      packages.filter((path) => !path.includes('libdeep2')),
      today,
    );
    write('expired', packages, {
      Date: 'Thu, 01 Jan 2026 00:00:00 UTC',
      'Valid-Until': 'Thu, 08 Jan 2026 00:00:00 UTC',
    });
    this.#server = await serveDirectory(this.debs.directory);
    this.#fetching = await openFetchLab();
  }

  /** What putting one together gets to work with: the real fetcher, the real gpgv, the cache of this lab. */
  async context(archive = 'whole', over: Partial<Repository> = {}): Promise<PortableContext> {
    const fetching = this.#fetching;
    if (fetching === null) throw new Error('the lab is not open');
    const fetcher = await fetching.fetcher({});
    const reader: PortableContext['reader'] = {
      fetchMetadata: fetcher.fetchMetadata,
      probe: fetcher.probe,
      run: runLocally,
      emit: (event) => fetching.events.push(event),
      now: Date.now,
      signal: new AbortController().signal,
    };
    const repository = debRepository({
      id: 'lab',
      baseUrls: [`${this.server.url}${archive}/`],
      suite: 'lab',
      trust: {
        metadata: 'signed',
        packages: 'unsigned',
        fingerprints: [this.key.fingerprint],
        keyrings: [this.key.keyring],
        allow: [],
      },
      ...over,
    });
    return {
      reader,
      findRepositories: () => Promise.resolve([repository]),
      acquire: (items) =>
        acquireArtifacts({ fetcher, reader, emit: reader.emit, signal: reader.signal } as Session, items),
      cacheDir: fetching.cacheDir,
    };
  }

  async close(): Promise<void> {
    await this.#server?.close();
    await this.#fetching?.close();
    this.debs.close();
    this.gpg.close();
  }

  #buildPackages(): readonly string[] {
    const built = this.#compile();
    const own = { Source: 'systemtap' };
    const libraries = 'libc6, libgreet1 (>= 1)';
    return [
      this.#pack(
        'systemtap',
        '5.1-5',
        { Depends: `systemtap-runtime (= 5.1-5), systemtap-common (= 5.1-5), ${libraries}, make, python3` },
        {
          'usr/bin/stap': { file: built.program },
          'usr/bin/stap-prep': '#!/bin/sh\n',
          'usr/share/doc/systemtap/copyright': 'terms of systemtap\n',
          'usr/share/man/man1/stap.1': 'page\n',
        },
      ),
      this.#pack(
        'systemtap-runtime',
        '5.1-5',
        { ...own, Depends: libraries },
        {
          'usr/bin/staprun': { file: built.program, mode: 0o4755 },
          'usr/lib/systemtap/stapio': { file: built.program },
          'usr/share/doc/systemtap-runtime/copyright': 'terms of systemtap-runtime\n',
        },
      ),
      this.#pack('systemtap-common', '5.1-5', own, {
        'usr/share/systemtap/runtime/runtime.h': '/* runtime */\n',
        'usr/share/systemtap/runtime/linux/io.c': '/* io */\n',
        'usr/share/systemtap/tapset/logging.stp': '/* tapset */\n',
        'usr/share/systemtap/tapset/same.stp': { link: 'logging.stp' },
        'usr/share/doc/systemtap-common/copyright': 'terms of systemtap-common\n',
      }),
      this.#pack(
        'libgreet1',
        '1-1',
        { Source: 'greet', Depends: 'libc6, libdeep2, greet-base' },
        {
          [`${LIBRARIES}/libgreet.so.1`]: { link: 'libgreet.so.1.0' },
          [`${LIBRARIES}/libgreet.so.1.0`]: { file: built.greet },
          // As the C++ library has it: its terms lie with those of another package.
          'usr/share/doc/libgreet1': { link: 'greet-base' },
        },
      ),
      this.#pack(
        'greet-base',
        '1-1',
        { Source: 'greet' },
        { 'usr/share/doc/greet-base/copyright': 'terms of greet\n' },
      ),
      this.#pack(
        'libdeep2',
        '2-1',
        { Depends: 'libc6' },
        { 'lib/libdeep.so.2': { file: built.deep }, 'usr/share/doc/libdeep2/copyright': 'terms of deep\n' },
      ),
      this.#pack(
        'libc6',
        '2.40-1',
        { Depends: 'libgcc-s1' },
        {
          [`${LIBRARIES}/libc.so.6`]: { file: realpathSync('/lib/x86_64-linux-gnu/libc.so.6') },
          [`${LIBRARIES}/ld-linux-x86-64.so.2`]: { file: realpathSync('/lib64/ld-linux-x86-64.so.2') },
          'usr/lib64/ld-linux-x86-64.so.2': { link: '../lib/x86_64-linux-gnu/ld-linux-x86-64.so.2' },
          'usr/share/doc/libc6/copyright': 'terms of libc6\n',
        },
      ),
      this.#pack(
        'libgcc-s1',
        '14-1',
        {},
        {
          [`${LIBRARIES}/libgcc_s.so.1`]: { file: realpathSync('/lib/x86_64-linux-gnu/libgcc_s.so.1') },
          'usr/share/doc/libgcc-s1/copyright': 'terms of libgcc\n',
        },
      ),
      this.#pack(
        'base-files',
        '13',
        { Essential: 'yes' },
        {
          'usr/share/common-licenses/GPL-2': 'the licence\n',
          'usr/share/doc/base-files/copyright': 'terms of base-files\n',
        },
      ),
      this.#pack('make', '4', {}, { 'usr/bin/make': 'never\n' }),
      this.#pack('python3', '3', {}, { 'usr/bin/python3': 'never\n' }),
    ];
  }

  #compile(): { readonly program: string; readonly greet: string; readonly deep: string } {
    const directory = join(this.debs.directory, 'build');
    mkdirSync(directory);
    for (const [name, text] of Object.entries({ 'deep.c': DEEP, 'greet.c': GREET, 'program.c': PROGRAM })) {
      writeFileSync(join(directory, name), text);
    }
    const run = (args: readonly string[]): Buffer => execFileSync('gcc', args, { cwd: directory, stdio: 'pipe' });
    run(['-shared', '-fPIC', '-Wl,-soname,libdeep.so.2', '-o', 'libdeep.so', 'deep.c']);
    run(['-shared', '-fPIC', '-Wl,-soname,libgreet.so.1', '-o', 'libgreet.so', 'greet.c', 'libdeep.so']);
    run(['-o', 'program', 'program.c', 'libgreet.so', '-Wl,--allow-shlib-undefined']);
    const path = (name: string): string => join(directory, name);
    return { program: path('program'), greet: path('libgreet.so'), deep: path('libdeep.so') };
  }

  #pack(name: string, version: string, fields: ControlFields, content: Readonly<Record<string, Content>>): string {
    const tree = join(this.debs.directory, `tree-of-${name}`);
    for (const [place, item] of Object.entries(content)) {
      const path = join(tree, place);
      mkdirSync(dirname(path), { recursive: true });
      if (typeof item === 'string') writeFileSync(path, item);
      else if ('link' in item) symlinkSync(item.link, path);
      else {
        copyFileSync(item.file, path);
        execFileSync('chmod', [(item.mode ?? 0o755).toString(8), path]);
      }
    }
    return this.debs.build(name, version, fields, 'zstd', { tree });
  }
}
