/** A host whose programs answer what real ones were seen to answer, and whose files lie in a directory of the test. */
import { chmodSync, copyFileSync, existsSync, mkdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { TapprepError } from '../../src/errors.ts';
import type { Host, RunOptions, RunResult } from '../../src/host/host.ts';

/** What a program does: its answer, and maybe files that it writes below the directory of the host. */
export type Answer = (argv: readonly string[], options: RunOptions, directory: string) => Partial<RunResult>;

export interface RecordedHost extends Host {
  /** Every command that was run, in order. */
  readonly commands: readonly (readonly string[])[];
}

/** @param programs by name; what is not there is not installed */
export function createRecordedHost(directory: string, programs: Readonly<Record<string, Answer>>): RecordedHost {
  const commands: (readonly string[])[] = [];
  const place = (path: string): string => join(directory, path);
  return {
    kind: 'root',
    name: directory,
    commands,
    run(argv, options = {}) {
      commands.push(argv);
      const answer = programs[argv[0]?.replace('/usr/bin/', '') ?? ''];
      if (answer === undefined)
        return Promise.reject(new TapprepError('TOOL_MISSING', `${argv[0] ?? ''} is needed but is not installed`));
      const fixed = { argv, exitCode: 0, stdout: '', stderr: '', timedOut: false, seconds: 1.5 };
      return Promise.resolve({ ...fixed, ...answer(argv, options, directory) });
    },
    readText: (path) => Promise.resolve(existsSync(place(path)) ? readFileSync(place(path), 'utf8') : null),
    writeFile(path, data, mode) {
      mkdirSync(dirname(place(path)), { recursive: true });
      writeFileSync(place(path), data, { mode });
      return Promise.resolve();
    },
    removeFile: (path) => Promise.resolve(rmSync(place(path), { force: true })),
    which: (name) => Promise.resolve(name in programs ? `/usr/bin/${name}` : isFile(place(name)) ? name : null),
    localPath: (path) => place(path),
    fetchFile: (path) => Promise.resolve(isFile(place(path)) ? place(path) : null),
    putFile(source, path, mode) {
      mkdirSync(dirname(place(path)), { recursive: true });
      copyFileSync(source, place(path));
      chmodSync(place(path), mode);
      return Promise.resolve();
    },
  };
}

function isFile(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isFile() === true;
}
