/** The words that ssh is called with, and a command in a form that every login shell hands on unchanged. Pure. */
import { TapprepError } from '../errors.ts';

/** Another machine, as the user named it. */
export interface SshPlace {
  /** [USER@]HOST, or what ssh itself takes instead: a name of ssh_config, ssh://USER@HOST:PORT. */
  readonly destination: string;
  /** ssh -F; null for the user's own. */
  readonly configFile: string | null;
}

/**
 * A destination that ssh cannot mistake for an option.
 * @throws TapprepError USAGE
 */
export function checkDestination(destination: string): string {
  const host = destination.slice(destination.lastIndexOf('@') + 1);
  if (destination.startsWith('-') || host.startsWith('-')) {
    throw new TapprepError('USAGE', `--host takes the name of a machine, but "${destination}" begins with a dash`);
  }
  if (host !== '' && /^[\w.@:/[\]%+~-]+$/.test(destination)) return destination;
  throw new TapprepError('USAGE', `--host takes [USER@]HOST, but "${destination}" was given`);
}

/** Whatever the user's configuration says, these hold: nobody is asked, nothing is forwarded, nothing runs beside. */
const FIXED: readonly (readonly [string, string])[] = [
  ['BatchMode', 'yes'],
  ['RequestTTY', 'no'],
  ['RemoteCommand', 'none'],
  ['PermitLocalCommand', 'no'],
  ['ClearAllForwardings', 'yes'],
  ['ForwardAgent', 'no'],
  ['ForwardX11', 'no'],
  ['ControlPersist', 'no'],
  ['LogLevel', 'ERROR'],
];

/** A dead network is noticed after a minute. */
const ALIVE: readonly (readonly [string, string])[] = [
  ['ConnectTimeout', '20'],
  ['ServerAliveInterval', '15'],
  ['ServerAliveCountMax', '4'],
];

/**
 * The one connection, which ends with the command that it runs.
 * @param socket path of the control socket @param log where ssh writes its own words: standard error is the other side's, too
 */
export function buildMasterArgv(place: SshPlace, socket: string, log: string, command: string): readonly string[] {
  return build(place, [...FIXED, ...ALIVE, ['ControlMaster', 'yes'], ['ControlPath', socket]], command, ['-E', log]);
}

/** Prints what the configuration says of a destination. */
export function buildConfigArgv({ destination, configFile }: SshPlace): readonly string[] {
  return ['ssh', ...(configFile === null ? [] : ['-F', configFile]), '-G', '--', destination];
}

/**
 * A command over that connection; where it is gone, ssh must not quietly make another.
 * @param socket null for a connection of the command's own
 */
export function buildSessionArgv(place: SshPlace, socket: string | null, command: string): readonly string[] {
  const way: readonly (readonly [string, string])[] =
    socket === null
      ? [...ALIVE, ['ControlPath', 'none']]
      : [
          ['ControlPath', socket],
          ['ProxyCommand', 'false'],
        ];
  return build(place, [...FIXED, ['ControlMaster', 'no'], ...way], command);
}

function build(
  { destination, configFile }: SshPlace,
  options: readonly (readonly [string, string])[],
  command: string,
  more: readonly string[] = [],
): readonly string[] {
  const config = configFile === null ? [] : ['-F', configFile];
  return [
    'ssh',
    ...config,
    ...more,
    ...options.flatMap(([name, value]) => ['-o', `${name}=${value}`]),
    '--',
    destination,
    command,
  ];
}

/** Name of the processes that run a command there, for people and for the next run. */
const PROCESS_NAME = 'tapprep-remote';

/**
 * One command line for the login shell of the other side, be it sh, csh or fish: what they read differently is written
 * as octal numbers, which printf(1) of a POSIX sh reads back.
 * @param script POSIX sh
 * @param args its arguments: any bytes but NUL
 * @param sudo the words before sh, of [A-Za-z-] only
 */
export function encodeForLoginShell(script: string, args: readonly string[], sudo: readonly string[] = []): string {
  const text = `set -- ${args.map(quote).join(' ')}\n${script}`;
  const shell = [...sudo, '/bin/sh', '-c'].join(' ');
  return `exec ${shell} 'eval "$(printf %b "${encode(text)}")"' ${PROCESS_NAME}`;
}

function quote(word: string): string {
  return `'${word.replaceAll("'", `'\\''`)}'`;
}

function encode(text: string): string {
  let out = '';
  for (const byte of Buffer.from(text, 'utf8')) {
    const char = String.fromCharCode(byte);
    out += /[A-Za-z0-9 /._=:,@-]/.test(char) ? char : `\\0${byte.toString(8).padStart(3, '0')}`;
  }
  return out;
}
