/** Facts come from machines and files that may be an attacker's: no word of theirs is more than a word of a command. */
import { execFileSync } from 'node:child_process';
import { beforeAll, expect, test } from 'vitest';
import { checkFacts as parseFacts, factsJsonSchema } from '../../../src/detect/facts-schema.ts';
import { identifyTarget } from '../../../src/detect/target.ts';
import { checkFacts } from '../../../src/diagnose/check-facts.ts';
import { diagnose } from '../../../src/diagnose/diagnose.ts';
import { readLogFacts } from '../../../src/diagnose/log-facts.ts';
import { type Reach, reachOf } from '../../../src/diagnose/place.ts';
import { judgeReadiness } from '../../../src/diagnose/readiness.ts';
import { isRemedy, renderRemedy } from '../../../src/diagnose/render-remedy.ts';
import { describeSituation } from '../../../src/diagnose/situation.ts';
import { isTapprepError } from '../../../src/errors.ts';
import { describing, tapprep } from '../../../src/make-remedy.ts';
import { planFixes } from '../../../src/pipeline/fix-steps.ts';
import type { HostFacts, Target } from '../../../src/types.ts';
import { alter, DEBIAN12, EL9, installedRpm } from './sample-facts.ts';
import { SYNTHETIC_LOGS } from './synthetic-logs.ts';

const OWN = '/usr/src/linux';
const FULL = alter(EL9, {
  root: '/srv/root',
  os: { codename: 'x' },
  kernel: { vermagic: 'x', procVersion: 'x', versionSignature: 'x' },
  packages: [{ name: 'systemtap', version: '5.1', arch: 'x86_64' }],
  own: { buildTree: OWN, vmlinux: `${OWN}/vmlinux` },
  systemtap: { cachePaths: ['/home/dev/.systemtap/cache'], temporaryPaths: ['/tmp/stapAbCdEf'] },
  security: {
    container: 'docker',
    trustedKeys: { keyrings: [{ name: 'x', keys: 1 }], keys: [{ name: 'x', id: '0123456789', keyring: 'x' }] },
  },
  debuginfo: [{ path: '/usr/lib/debug/vmlinux', sizeBytes: 1, buildId: null, hasDwarf: false, ownerPackage: 'x' }],
  repositories: [{ path: '/etc/yum.repos.d/x.repo', text: '[x]\nbaseurl=http://x/\n' }],
});
const user = { uid: 1000, name: 'dev', groups: ['dev'] };
const CUSTOM = '6.1.0-own-1';
/** One fault each, so that every remedy that takes something of the facts is printed. */
const MACHINES: readonly HostFacts[] = [
  FULL,
  { ...FULL, source: 'root' },
  alter(FULL, { security: { container: null }, buildTree: { hasConfig: false } }),
  alter(FULL, { security: { container: null }, buildTree: { release: '5.14.0-1.el9.x86_64' } }),
  alter(EL9, { systemtap: { staprunMode: '0755' }, user: { ...user, groups: ['dev', 'stapusr', 'stapdev'] } }),
  alter(EL9, { systemtap: { cachePaths: ['/root/.systemtap/cache'] }, compiler: null }),
  alter(DEBIAN12, { systemtap: null, debuginfo: [], buildTree: null }),
  alter(DEBIAN12, {
    kernel: { release: CUSTOM, installedReleases: [CUSTOM, '6.1.0-28-amd64'] },
    kernelPackages: [{ ...installedRpm(`linux-image-${CUSTOM}`), version: '1' }],
    buildTree: null,
  }),
  alter(DEBIAN12, { kernel: { release: null, installedReleases: ['6.1.0-27-amd64', '6.1.0-28-amd64'] } }),
  alter(EL9, {
    os: { id: 'sles', versionId: '15.5' },
    kernel: { release: '5.14.21-150500.33.52-azure', installedReleases: [] },
    frontends: ['zypper'],
  }),
];

const ARRAY = '[]';
type Path = readonly (string | number)[];
const nameOf = (path: Path): string => path.map((step) => (typeof step === 'number' ? ARRAY : step)).join('.');

function stringsOf(value: unknown, path: Path = []): readonly { readonly path: Path; readonly text: string }[] {
  if (typeof value === 'string') return [{ path, text: value }];
  if (Array.isArray(value)) return value.flatMap((each, at) => stringsOf(each, [...path, at]));
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([key, each]) => stringsOf(each, [...path, key]));
}

function put(value: unknown, [step, ...rest]: Path, text: string): unknown {
  if (step === undefined) return text;
  if (Array.isArray(value)) return value.map((each: unknown, at) => (at === step ? put(each, rest, text) : each));
  const record = value as Readonly<Record<string, unknown>>;
  return { ...record, [step]: put(record[step], rest, text) };
}

interface Schema {
  readonly type?: string;
  readonly const?: unknown;
  readonly enum?: unknown;
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly additionalProperties?: Schema | false;
  readonly items?: Schema;
  readonly anyOf?: readonly Schema[];
}

/** What may be any text; the names of options of a kernel are keys, and their form is a narrow one. */
function textsOf(schema: Schema, path: Path = []): readonly string[] {
  const { type, properties = {}, additionalProperties, items, anyOf = [] } = schema;
  const own = type === 'string' && schema.const === undefined && schema.enum === undefined ? [nameOf(path)] : [];
  return [
    ...own,
    ...anyOf.flatMap((each) => textsOf(each, path)),
    ...Object.entries(properties).flatMap(([key, each]) => textsOf(each, [...path, key])),
    ...(items === undefined ? [] : textsOf(items, [...path, 0])),
    ...(typeof additionalProperties === 'object' ? textsOf(additionalProperties, [...path, 'CONFIG_MODULES']) : []),
  ];
}

/** `pwn` is a function of the shell below. */
const WORDS = [';pwn;', '\npwn\n', '$(pwn)`pwn`', "';pwn;'", "token='$(pwn)'"];
/** What stands before anything else makes a word an option, an address or a file. */
const HEADS = ['-oPWN::=x', 'http://evil/PWN/', '/tmp/PWN/'];
const tamper = (text: string): readonly string[] => [
  ...WORDS.map((word) => `${text}${word}`),
  ...HEADS.map((head) => `${head}${text}`),
  '/x;pwn;/.systemtap/cache',
  '-oPWN',
];

const REACHES: readonly (Reach | null)[] = [
  null,
  { via: 'facts', file: 'web 1.json' },
  { via: 'ssh', destination: 'dev@web1', configFile: null },
];
const LOGS = SYNTHETIC_LOGS.map(({ log }) => log);

function identify(facts: HostFacts): { readonly target: Target | null; readonly hints: readonly string[] } {
  try {
    return { target: identifyTarget(facts, {}), hints: [] };
  } catch (error) {
    if (!isTapprepError(error)) throw error;
    const { place } = describeSituation(readLogFacts([]), facts, null);
    const rendered = error.remedy !== null && isRemedy(error.remedy) ? renderRemedy(error.remedy, place) : [];
    return { target: null, hints: [...rendered, ...(error.hint === null ? [] : [error.hint])] };
  }
}

/** Everything that is printed to be pasted. */
function commandsOf(facts: HostFacts, logs: readonly string[]): readonly string[] {
  const { target, hints } = identify(facts);
  return (logs.length === 0 ? REACHES : [null]).flatMap((given) => {
    const reach = given ?? reachOf(facts);
    const { place } = describeSituation(readLogFacts([]), facts, target, reach);
    const findings = checkFacts(facts, target, reach);
    const verdict = judgeReadiness(facts, findings, [], reach);
    return [
      ...hints,
      ...findings.flatMap(({ diagnosis }) => diagnosis?.fix ?? []),
      ...verdict.commands,
      ...planFixes(verdict.remedies, facts, target, place).map(({ command }) => command),
      ...(target === null ? [] : renderRemedy(tapprep('rehearse', ...describing(target)), place)),
      ...logs.flatMap((log) =>
        diagnose({ log, facts, target, reach }).flatMap(({ fix, decidedBy }) => [...fix, decidedBy?.command ?? '']),
      ),
    ];
  });
}

/** Runs each with no program in the PATH, in a shell that writes to no file, and prints those of which `pwn` was run. */
const SHELL =
  String.raw`
trap 'printf "%s\0" "$line"' USR1
pwn() { kill -USR1 $$; }
sudo() { "$@"; }
env() { :; }
chroot() { shift; "$@"; }
sh() { eval "$2"; }
ssh() { eval "$` +
  `{@: -1}"; }
while IFS= read -r -d '' line; do (eval "$line") >&2 || :; done`;

function brokenOf(commands: readonly string[]): readonly string[] {
  const input = commands.map((command) => `${command}\0`).join('');
  const env = { PATH: '/nonexistent' };
  return execFileSync('/bin/bash', ['--norc', '-r', '-c', SHELL], { input, env, encoding: 'utf8', stdio: 'pipe' })
    .split('\0')
    .slice(0, -1);
}

/** A word of the attacker's that a program reads as its option, or that a package manager fetches; the value of an option of tapprep's is none. */
const OPTION = /(?<! --[a-z-]{1,30}) '?-oPWN/;
const FETCHED = /install .*(?:\/|:)\S*PWN/;

function accepted(machine: unknown, path: Path, word: string): HostFacts | null {
  try {
    return parseFacts(put(machine, path, word), 'facts.json');
  } catch {
    return null;
  }
}

/** All that the schema lets through, at once: for the rules of logs, of which there are many. */
const everywhere = (machine: HostFacts): HostFacts =>
  stringsOf(machine).reduce<HostFacts>(
    (facts, { path, text }) =>
      /^frontends|^kernelPackages|^os\.id$/.test(nameOf(path))
        ? facts
        : (accepted(facts, path, `${text};pwn;`) ?? facts),
    machine,
  );

const printed = new Set<string>();
let tries = 0;
const keep = (facts: HostFacts, logs: readonly string[]): void => {
  tries += 1;
  for (const command of commandsOf(facts, logs)) if (/pwn/i.test(command)) printed.add(command);
};
beforeAll(() => {
  for (const machine of MACHINES) {
    for (const { path, text } of stringsOf(machine)) {
      for (const word of tamper(text)) {
        const facts = accepted(machine, path, word);
        if (facts !== null) keep(facts, []);
      }
    }
    // In a container and without a kernel few rules have a command.
    if (machine.security.container === null && machine.kernel.release !== null) keep(everywhere(machine), LOGS);
  }
}, 300_000);

test('every text of the schema stands in one of the machines', () => {
  const there = new Set(MACHINES.flatMap((machine) => stringsOf(machine).map(({ path }) => nameOf(path))));
  const wanted = textsOf(factsJsonSchema() as Schema).filter((name) => !name.startsWith('config.'));
  expect(wanted.length).toBeGreaterThan(60);
  expect(wanted.filter((name) => !there.has(name))).toEqual([]);
});

test('no word of facts breaks out of a command that is printed', () => {
  expect(tries).toBeGreaterThan(500);
  expect(brokenOf(['make -C x;pwn', String.raw`ssh a 'sudo sh -c '\''x $(pwn)'\'''`, "rm 'a;pwn'"])).toHaveLength(2);
  expect(brokenOf([...printed])).toEqual([]);
  expect([...printed].filter((command) => OPTION.test(command) || FETCHED.test(command))).toEqual([]);
});
