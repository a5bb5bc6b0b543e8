/** The built command line with this machine's network, and with the cache that everybody's rehearsals share. */
import { homedir } from 'node:os';
import { Cli, type CliResult } from './cli.ts';

/** Commands that ask before they change anything. */
const ASKING = ['install', 'remove', 'rehearse'];

/** Runs tapprep once; every question is answered with yes, and the report comes as JSON. */
export async function runInLab(args: readonly string[]): Promise<CliResult> {
  const cli = new Cli();
  try {
    const result = await cli.run([...args, ...(ASKING.includes(args[0] ?? '') ? ['--yes'] : []), '--json'], {
      HOME: homedir(),
      http_proxy: '',
      https_proxy: '',
    });
    // What was tried on the way is in no report.
    if (result.code !== 0) process.stderr.write(`tapprep ${args.join(' ')}:\n${result.stderr.slice(-8000)}\n`);
    return result;
  } finally {
    cli.close();
  }
}

/** The report of a run. @throws Error with what tapprep said where it printed none */
export function parseReport({ stdout, stderr }: CliResult): unknown {
  if (stdout === '') throw new Error(`tapprep printed no report:\n${stderr.slice(-4000)}`);
  return JSON.parse(stdout) as unknown;
}
