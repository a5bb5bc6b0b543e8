/** Which staprun the guest gets: the target's own, or the files of a portable one. */
import { posix } from 'node:path';
import { TapprepError } from '../errors.ts';
import type { Host } from '../host/host.ts';
import { collectLibraryClosure } from './library-closure.ts';
import type { GuestFile } from './library-closure.ts';

/** staprun with everything it needs, and how it is called in the guest. */
export interface GuestStaprun {
  readonly files: readonly GuestFile[];
  /** Shell scripts that start the programs by a loader and libraries of their own; none for an installed one. */
  readonly starters: readonly GuestFile[];
  /** Start of the command line, absolute paths of the guest. */
  readonly argv: readonly string[];
  /** stapbpf, which runs what is made for the bpf runtime, with what it needs; absent where there is none. */
  readonly bpf?: Pick<GuestStaprun, 'files' | 'starters' | 'argv'>;
  readonly env: Readonly<Record<string, string>>;
}

/** Where stapio lies beside a staprun in PREFIX/bin: libexec (Fedora, upstream), lib (Debian). */
const STAPIO_PLACES = ['../libexec/systemtap/stapio', '../lib/systemtap/stapio', '../lib64/systemtap/stapio'];

/**
 * The staprun that is installed on a machine whose files can be read here, with its libraries.
 * @param staprun its path there, or its name, which is found in PATH
 * @throws TapprepError TOOL_MISSING
 */
export async function collectInstalledStaprun(host: Host, staprun?: string): Promise<GuestStaprun> {
  const program = await host.which(staprun ?? 'staprun');
  if (program === null) throw missing('staprun', host);
  let stapio: string | null = null;
  for (const place of STAPIO_PLACES) stapio ??= await host.which(posix.join(posix.dirname(program), place));
  if (stapio === null) throw missing('stapio', host);
  const stapbpf = await host.which(posix.join(posix.dirname(program), 'stapbpf'));
  return {
    files: await collectLibraryClosure(host, [program, stapio]),
    starters: [],
    argv: [program],
    ...(stapbpf === null
      ? {}
      : { bpf: { files: await collectLibraryClosure(host, [stapbpf]), starters: [], argv: [stapbpf] } }),
    env: {},
  };
}

function missing(tool: string, host: Host): TapprepError {
  return new TapprepError('TOOL_MISSING', `${tool} is not installed on ${host.name}`, {
    hint: 'install systemtap-runtime there',
    facts: { tool },
  });
}
