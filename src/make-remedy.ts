/** Short ways to write remedies: those that many faults share, and those that errors carry as their hint. Pure. */
import { shellText, type Written } from './shell-words.ts';
import type { PackagePurpose, Remedy, Target } from './types.ts';

export const EMPTY_CACHE: Remedy = { kind: 'empty-caches', by: 'tapprep', paths: [] };
export const CHECK_SOURCES: Remedy = { kind: 'check-sources', by: 'user' };
export const IDENTIFY: Remedy = { kind: 'identify', by: 'user' };
/** Debug information of programs, from whoever serves it by build-id. */
export const ASK_DEBUGINFOD: Remedy = {
  kind: 'set-variable',
  by: 'user',
  name: 'DEBUGINFOD_URLS',
  value: shellText`https://debuginfod.elfutils.org/`,
};
export const REBOOT: Remedy = { kind: 'reboot', by: 'user', into: null };

/** FIPS mode is staprun's own refusal, which it lets be overridden. */
export const OVERRIDE_FIPS: Remedy = run("env STAP_FIPS_OVERRIDE=1 stap -v -e 'probe begin { exit() }'");

/** Packages of the target's own package manager. @param repositories debug: also those that are switched off */
export function install(
  names: readonly string[],
  purpose: PackagePurpose,
  repositories: 'enabled' | 'debug' = 'enabled',
): Remedy {
  return { kind: 'install-packages', by: 'user', names, purpose, repositories };
}

/** Packages whose files are not what they were. */
export function reinstall(names: readonly string[], purpose: PackagePurpose): Remedy {
  return { kind: 'reinstall-packages', by: 'user', names, purpose };
}

/** Lets tapprep find, verify and install the exact packages, also where they have left the mirrors. */
export function prepare(systemtap: 'auto' | null = null): Remedy {
  return { kind: 'prepare-kernel', by: 'tapprep', release: null, systemtap };
}

/** Of an error's facts: the command line that was typed, but for one option. @param instead its value, of one that may be repeated */
export function again(option: `--${string}`, value: string, instead?: string): { readonly again: Retyped } {
  return { again: { option, value, ...(instead === undefined ? {} : { instead }) } };
}

export interface Retyped {
  readonly option: string;
  readonly value: string;
  readonly instead?: string;
}

/** Another command of tapprep for the same target. */
export function tapprep(...words: readonly string[]): Remedy {
  return { kind: 'tapprep', by: 'user', words, root: false };
}

/** The same for one that changes the target. */
export function tapprepAsRoot(...words: readonly string[]): Remedy {
  return { kind: 'tapprep', by: 'user', words, root: true };
}

/** The options that name a machine which is elsewhere. */
export function describing({ distro, version, release, arch, unameV }: Target): readonly string[] {
  const system = version === null ? distro : `${distro}:${version}`;
  const build = unameV === null ? [] : ['--uname-v', unameV];
  return ['--distro', system, '--kernel', release, '--arch', arch, ...build];
}

/** A line for the shell of the target. */
export function run<Text extends string>(command: Written<Text>): Remedy {
  return { kind: 'run', by: 'user', command, root: false };
}

/** The same with root rights. */
export function runAsRoot<Text extends string>(command: Written<Text>): Remedy {
  return { kind: 'run', by: 'user', command, root: true };
}

/** A line for whoever runs another machine that this one needs: the one below a container, the one of --remote. */
export function onHost<Text extends string>(command: Written<Text>): Remedy {
  return { kind: 'run', by: 'admin of the host', command, root: true };
}
