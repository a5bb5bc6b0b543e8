import { execFileSync } from 'node:child_process';
import { globSync, readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import type { CommandRow } from '../../../src/cli/commands.ts';
import { buildProgram } from '../../../src/cli/program.ts';
import { readTarget } from '../../../src/cli/options.ts';
import { advise } from '../../../src/diagnose/advise.ts';
import { parseCase } from '../../../src/diagnose/cases/case-file.ts';
import { DIAGNOSIS_CODES } from '../../../src/diagnose/codes.ts';
import { explainExcerpt } from '../../../src/diagnose/diagnose.ts';
import { readLogFacts } from '../../../src/diagnose/log-facts.ts';
import { HERE, type Reach } from '../../../src/diagnose/place.ts';
import { isDescribed, ON_THAT_MACHINE, renderRemedy } from '../../../src/diagnose/render-remedy.ts';
import { canPrepare } from '../../../src/diagnose/settle-remedies.ts';
import { describeSituation, type Situation } from '../../../src/diagnose/situation.ts';
import { splitLog } from '../../../src/diagnose/log-line.ts';
import { run } from '../../../src/make-remedy.ts';
import type { HostFacts, Remedy, ShellText } from '../../../src/types.ts';
import { remediesOfSources } from '../../helpers/remedies-of-sources.ts';
import { alter, DEBIAN12, EL9 } from './sample-facts.ts';
import { SYNTHETIC_LOGS } from './synthetic-logs.ts';

const system = (facts: HostFacts, id: string, versionId: string, release: string, frontend: string): HostFacts =>
  alter(facts, { os: { id, versionId }, kernel: { release }, frontends: [frontend] });

/** One machine of every package system and role, and kernels that nobody packages. */
const MACHINES: readonly (readonly [string, HostFacts | null, string])[] = [
  ['dnf', EL9, ''],
  ['yum', system(EL9, 'centos', '7', '3.10.0-1160.el7.x86_64', 'yum'), ''],
  ['zypper', system(EL9, 'sles', '15.5', '5.14.21-150500.55.52-default', 'zypper'), ''],
  ['tdnf', system(EL9, 'photon', '4.0', '5.10.198-1.ph4-esx', 'tdnf'), ''],
  ['apt-get', DEBIAN12, ''],
  ['apt-get of Ubuntu', system(DEBIAN12, 'ubuntu', '22.04', '5.15.0-91-generic', 'apt-get'), ''],
  ['an image of ostree', alter(EL9, { frontends: ['dnf', 'rpm-ostree'] }), ''],
  [
    'an image of SUSE',
    alter(EL9, {
      os: { id: 'sl-micro', versionId: '6.0' },
      kernel: { release: '6.4.0-17-default' },
      frontends: ['zypper', 'transactional-update'],
    }),
    '',
  ],
  ['no front end at all', alter(EL9, { frontends: [] }), ''],
  [
    'a kernel that nobody packages',
    system(DEBIAN12, 'debian', '12', '5.15.153.1-microsoft-standard-WSL2', 'apt-get'),
    '',
  ],
  ['a user who is not root', alter(EL9, { user: { uid: 1000, name: 'dev', groups: [] } }), ''],
  ['a container', alter(EL9, { security: { container: 'podman' } }), ''],
  ['only a log', null, 'kernel-devel-5.14.0-503.11.1.el9_5.x86_64 is missing'],
  ['nothing known', null, ''],
];
const BUILD = { arch: 'aarch64', unameV: '#1 SMP Sat Jan 1 00:00:00 UTC 2022' };
const REACHES: readonly Reach[] = [
  HERE,
  { via: 'root', directory: "/srv/an image's root" },
  { via: 'ssh', destination: 'admin@web1', configFile: '/etc/own ssh/config' },
  { via: 'ssh', destination: 'web1', configFile: null },
  { via: 'facts', file: 'web 1.json' },
  { via: 'declared', distro: 'rocky:9.5', arch: 'x86_64', unameV: '#1 SMP Sat Jan 1 00:00:00 UTC 2022' },
  {
    via: 'declared',
    distro: null,
    arch: null,
    unameV: null,
    more: ['--banner', "Linux version 6.1.0-18-amd64 (o'brien@host) #1 SMP Debian 6.1.76-1"],
  },
  { via: 'root', directory: '/srv/root', more: ['--build-tree', '/usr/src/linux', '--vmlinux', '/boot/vmlinux'] },
  { via: 'ssh', destination: 'web1', configFile: null, ...BUILD, more: ['--banner', 'banner.txt'] },
  { via: 'facts', file: 'web 1.json', ...BUILD },
];

interface Printed {
  readonly where: string;
  readonly reach: Reach;
  /** Null for what an error says, of which only the target is known. */
  readonly situation: Situation | null;
  readonly remedy: Remedy;
  readonly command: string;
}

/** Rules have remedies of their own: those of every log that is known, for every kind of target. */
const LOGS: readonly (readonly [string, string])[] = [
  ...globSync('test/cases/*.txt').map((path) => [path, parseCase(readFileSync(path, 'utf8')).log] as const),
  ...SYNTHETIC_LOGS.map(({ name, log }) => [name, log] as const),
];
const OF_RULES: readonly Printed[] = LOGS.flatMap(([name, log]) =>
  REACHES.flatMap((reach) => {
    const { diagnoses, situation } = explainExcerpt(log, null, null, reach);
    return diagnoses.flatMap(({ code, remedies, decidedBy }) => {
      const mending = remedies.flatMap((remedy) =>
        renderRemedy(remedy, situation.place).map((command) => ({ remedy, command })),
      );
      const deciding =
        decidedBy === undefined ? [] : [{ remedy: run(decidedBy.command as ShellText), command: decidedBy.command }];
      const where = `${code} in ${name} by ${reach.via}`;
      return [...mending, ...deciding].map((one) => ({ where, reach, situation, ...one }));
    });
  }),
);
const OF_CODES: readonly Printed[] = MACHINES.flatMap(([name, facts, log]) =>
  REACHES.flatMap((reach) => {
    const situation = describeSituation(readLogFacts(splitLog(log)), facts, null, reach);
    return DIAGNOSIS_CODES.flatMap((code) =>
      advise(code, situation).remedies.flatMap((remedy) =>
        renderRemedy(remedy, situation.place).map((command) => ({
          where: `${code} of ${name} by ${reach.via}`,
          reach,
          situation,
          remedy,
          command,
        })),
      ),
    );
  }),
);

/** What errors carry, as the command line's edge makes commands of it. */
const OF_ERRORS: readonly Printed[] = remediesOfSources().flatMap(([file, remedy]) =>
  REACHES.flatMap((reach) =>
    [null, '6.1.0-18-amd64'].flatMap((kernel) =>
      renderRemedy(remedy, { reach, kernel, manager: null, sudo: true }).map((command) => ({
        where: `${file} by ${reach.via}`,
        reach,
        situation: null,
        remedy,
        command,
      })),
    ),
  ),
);

const PRINTED: readonly Printed[] = [
  ...OF_ERRORS,
  ...OF_CODES,
  ...new Map(OF_RULES.map((one) => [`${one.reach.via} ${one.command}`, one])).values(),
];

/** How a shell reads lines of commands, with the words of every tapprep among them. */
function readByShell(lines: readonly string[]): readonly (readonly string[])[] {
  const script = `sudo() { "$@"; }\ntapprep() { for word; do printf '%s\\001' "$word"; done; printf '\\002'; }\n${lines.join('\n')}\n`;
  const out = execFileSync('sh', { input: script, encoding: 'utf8' });
  return out
    .split('\u0002')
    .slice(0, -1)
    .map((words) => words.split('\u0001').slice(0, -1));
}

/** But those that write a file. */
const ofTapprep = PRINTED.filter(({ command }) => /^(?:sudo )?tapprep (?!.* >)/.test(command));

test('every command is one line that a shell can read', () => {
  expect(PRINTED.length).toBeGreaterThan(1000);
  expect(PRINTED.filter(({ command }) => command.includes('\n'))).toEqual([]);
  const distinct = [...new Set(PRINTED.map(({ command }) => command))];
  execFileSync('sh', ['-n'], { input: `${distinct.join('\n')}\n` });
});

/** What names the target to a command, of the options that it takes. */
const wordsFor = (reach: Reach, { options }: CommandRow): readonly string[] => {
  const takes = (option: string): boolean => options.some(([flags]) => flags.startsWith(`${option} `));
  const { arch = null, unameV = null, more = [] } = reach;
  return [
    ...(reach.via === 'declared' && reach.distro !== null ? ['--distro', reach.distro] : []),
    ...(reach.via === 'ssh' && reach.configFile !== null ? ['--ssh-config', reach.configFile] : []),
    ...(arch !== null && takes('--arch') ? ['--arch', arch] : []),
    ...(unameV !== null && takes('--uname-v') ? ['--uname-v', unameV] : []),
    ...(takes(more[0] ?? '') ? more : []),
  ];
};

/** A command for another system than the target, on purpose: where its script is tried, or what it may be instead. */
const isOfOther = ({ remedy }: Printed): boolean => remedy.kind === 'tapprep' && remedy.words.includes('--distro');

test('the command line accepts every command of tapprep that is printed, and it names the target', async () => {
  const distinct = [...new Map(ofTapprep.map((one) => [`${one.reach.via} ${one.command}`, one])).values()];
  const argvs = readByShell(distinct.map(({ command }) => command));
  expect(argvs).toHaveLength(distinct.length);
  const parsed = new Set<string>();
  for (const [index, argv] of argvs.entries()) {
    const printed = distinct[index];
    if (printed === undefined) throw new RangeError('more were read than printed');
    const { where, reach } = printed;
    const key = argv.join('\u0000');
    if (parsed.has(key)) continue;
    parsed.add(key);
    // Nothing names a machine on itself.
    const isThere = printed.command.endsWith(ON_THAT_MACHINE);
    const isNamed = !isThere && !isOfOther(printed);
    let seen: {
      readonly name: string;
      readonly root: unknown;
      readonly host: unknown;
      readonly facts: unknown;
    } | null = null;
    let named: readonly string[] = [];
    const program = buildProgram(async (row, raw) => {
      if (isNamed) named = wordsFor(reach, row);
      const target = row.target ? readTarget(raw, row.name !== 'rehearse') : null;
      seen = { name: row.name.split(' ')[0] ?? '', root: target?.root, host: target?.host, facts: target?.facts };
      await Promise.resolve();
    });
    await program.parseAsync(argv, { from: 'user' });
    expect([where, seen]).toEqual([
      where,
      {
        name: argv[0],
        root: isNamed && reach.via === 'root' ? reach.directory : null,
        host: isNamed && reach.via === 'ssh' ? reach.destination : null,
        facts: isNamed && reach.via === 'facts' ? reach.file : null,
      },
    ]);
    expect([where, argv]).toEqual([where, expect.arrayContaining([...named])]);
    // What needs a machine is refused for one that is only described.
    expect([where, !isThere && isDescribed(reach) && ['install', 'verify', 'remove'].includes(argv[0] ?? '')]).toEqual([
      where,
      false,
    ]);
  }
  expect(parsed.size).toBeGreaterThan(20);
});

test('what tapprep would refuse for the kernel is not printed', () => {
  expect(
    ofTapprep.filter(
      ({ remedy, situation }) => situation !== null && remedy.kind === 'prepare-kernel' && !canPrepare(situation),
    ),
  ).toEqual([]);
  const custom = PRINTED.filter(({ where }) => where.includes('nobody packages'));
  expect(custom.filter(({ command }) => /tapprep install(?!.*--build-tree)/.test(command))).toEqual([]);
});

test('no command for another machine works on this one', () => {
  const escapes = PRINTED.filter(({ reach, command, remedy }) => {
    if (remedy.by === 'admin of the host' || /^(?:sudo )?tapprep /.test(command) || command.startsWith('# '))
      return false;
    switch (reach.via) {
      case 'here':
        return /^ssh |chroot /.test(command);
      case 'root':
        return !/^(?:sudo )?chroot (?:\/srv\/root|'\/srv\/an image'\\''s root') /.test(command);
      case 'ssh': {
        // What is carried there is a file of this machine.
        const carried = reach.configFile === null ? / web1:\S+$/ : / admin@web1:\S+$/;
        if (command.startsWith(reach.configFile === null ? 'scp ' : "scp -F '/etc/own ssh/config' "))
          return !carried.test(command);
        return !command.startsWith(
          reach.configFile === null ? 'ssh -t web1 ' : "ssh -t -F '/etc/own ssh/config' admin@web1 ",
        );
      }
      case 'facts':
      case 'declared':
        return !command.endsWith('    # on that machine');
    }
  });
  expect(escapes.map(({ where, command }) => `${where}: ${command}`)).toEqual([]);
});

test('every fault is answered with something to do, on every kind of target', () => {
  const answered = new Set(PRINTED.map(({ where }) => where));
  const silent = MACHINES.flatMap(([name]) =>
    REACHES.flatMap(({ via }) => DIAGNOSIS_CODES.map((code) => `${code} of ${name} by ${via}`)),
  ).filter((where) => !answered.has(where));
  expect(silent).toEqual([]);
});
