/** The hints of errors, made at the edge: only here it is known which target the command was given. */
import { HERE, type Place, type Reach, reachByOptions } from '../diagnose/place.ts';
import { isDescribed, isRemedy, ON_THAT_MACHINE, renderRemedy } from '../diagnose/render-remedy.ts';
import { isTapprepError, TapprepError } from '../errors.ts';
import { type DeclaredHost } from '../detect/target.ts';
import type { Retyped } from '../make-remedy.ts';
import { quoteCommand } from '../shell-words.ts';
import { givenTarget, type Raw, readText } from './options.ts';

/** This machine, of which nothing was said. */
export const NO_TARGET: Place = { reach: HERE, kernel: null, manager: null, sudo: false };

/** What to paste after an error, for the target at hand; null where nothing is known. */
export function hintOf({ hint, remedy }: TapprepError, place: Place = NO_TARGET): string | null {
  if (remedy === null || !isRemedy(remedy)) return hint;
  // A command for a machine that is only described ends with a comment, behind which nothing else can stand.
  const commands = renderRemedy(remedy, place).join(isDescribed(place.reach) ? '\n       ' : '; ');
  if (commands === '') return hint;
  if (hint === null) return commands;
  return `${commands}${commands.endsWith(ON_THAT_MACHINE) ? ', ' : '    # '}${hint}`;
}

/** The same error with its hint as text. Anything else is given back as it is. */
export function withHint(error: unknown, place: Place = NO_TARGET): unknown {
  if (!isTapprepError(error) || error.remedy === null) return error;
  const { code, message, facts, cause } = error;
  const hint = hintOf(error, place);
  return new TapprepError(code, message, { ...(hint === null ? {} : { hint }), facts, cause });
}

/** The command line as it was typed, but for one option. */
export function retype(argv: readonly string[], { option, value, instead }: Retyped): string {
  const isIt = (given: string | undefined): boolean => instead === undefined || given === instead;
  const apart = argv.findIndex((word, at) => word === option && isIt(argv[at + 1]));
  const joined = argv.findIndex((word) => word.startsWith(`${option}=`) && isIt(word.slice(option.length + 1)));
  // Behind "--" stand arguments.
  const end = argv.includes('--') ? argv.indexOf('--') : argv.length;
  const words =
    apart >= 0
      ? argv.with(apart + 1, value)
      : joined >= 0
        ? argv.with(joined, `${option}=${value}`)
        : argv.toSpliced(end, 0, option, value);
  return quoteCommand(['tapprep', ...words]);
}

/** The same error with the line that was likely meant as its hint, where its facts name the option. */
export function withAgain(error: unknown, argv: readonly string[]): unknown {
  if (!isTapprepError(error)) return error;
  const { code, message, facts, cause } = error;
  const other = facts['again'];
  return isRetyped(other) ? new TapprepError(code, message, { hint: retype(argv, other), facts, cause }) : error;
}

function isRetyped(value: unknown): value is Retyped {
  return typeof value === 'object' && value !== null && 'option' in value && 'value' in value;
}

/** The same error with a command's own help as its hint, where it has none and the command line is what is wrong. */
export function withHelp(error: unknown, command: string): unknown {
  if (!isTapprepError(error, 'USAGE') || error.hint !== null || error.remedy !== null) return error;
  const { code, message, facts, cause } = error;
  return new TapprepError(code, message, { hint: `tapprep ${command} --help`, facts, cause });
}

/** A machine that is elsewhere, as a line of many describes it. */
export function placeOfDescribed({ distro, version, kernel, arch, unameV }: DeclaredHost): Place {
  const system = distro === null || version === null ? distro : `${distro}:${version}`;
  return { ...NO_TARGET, reach: { via: 'declared', distro: system, arch, unameV }, kernel };
}

/** The target as the options of a command name it. @param isRoot whether this process has root rights */
export function placeOfOptions(raw: Raw, isRoot: boolean): Place {
  const given = givenTarget(raw);
  const reach = reachByOptions(given, readText(raw, 'sshConfig'));
  return { reach, kernel: given.kernel, manager: null, sudo: needsSudo(reach, isRoot) };
}

function needsSudo(reach: Reach, isRoot: boolean): boolean {
  return reach.via === 'ssh' ? !/^(?:ssh:\/\/)?root@/.test(reach.destination) : !isRoot;
}
