import { describe, expect, test } from 'vitest';
import { errorJson, renderError } from '../../../src/cli/exit-codes.ts';
import { hintOf, placeOfOptions, retype, withHint } from '../../../src/cli/hint.ts';
import type { Raw } from '../../../src/cli/options.ts';
import { readLock } from '../../../src/cli/read-lock.ts';
import { parseKernelRelease } from '../../../src/detect/kernel-release.ts';
import { TapprepError } from '../../../src/errors.ts';
import { describing, IDENTIFY, run, tapprep, tapprepAsRoot } from '../../../src/make-remedy.ts';
import type { Remedy } from '../../../src/types.ts';
import { quoteCommand } from '../../../src/shell-words.ts';
import { targetOf } from '../../helpers/mirror-targets.ts';

const hint = (remedy: Remedy, raw: Raw, words?: string): string | null =>
  hintOf(
    new TapprepError('USAGE', 'a but not b', { remedy, ...(words === undefined ? {} : { hint: words }) }),
    placeOfOptions(raw, false),
  );

const BUILD = { arch: 'aarch64', unameV: '#1 SMP' };
const SAID = "--arch aarch64 --uname-v '#1 SMP'";

test.each<readonly [string, Remedy, Raw, string]>([
  ['a root', tapprep('plan'), { root: '/srv/r', ...BUILD }, `tapprep plan --root /srv/r ${SAID}`],
  [
    'a machine',
    tapprep('plan'),
    { host: 'far', sshConfig: 'F', kernel: '6.1.0-18-amd64', ...BUILD },
    `tapprep plan --host far --ssh-config F ${SAID} --kernel 6.1.0-18-amd64`,
  ],
  ['facts', tapprep('plan'), { facts: 'web1.json', ...BUILD }, `tapprep plan --facts web1.json ${SAID}`],
  ['a command that takes no build', tapprep('scripts', 'run', 'icmp'), BUILD, 'tapprep scripts run icmp'],
  ['what takes no kernel', tapprep('remove'), { root: '/r', kernel: '6.1', ...BUILD }, 'tapprep remove --root /r'],
  [
    'a distribution without the kernel that the command needs',
    tapprep('mirrors', 'list'),
    { distro: 'debian:12' },
    'tapprep mirrors list --distro debian:12 --kernel RELEASE',
  ],
  [
    'another system on purpose: only the build is this target’s',
    tapprep('names', '--distro', 'centos:VERSION', '--kernel', 'R'),
    { root: '/r', kernel: 'R', arch: 'x86_64' },
    'tapprep names --distro centos:VERSION --kernel R --arch x86_64',
  ],
  [
    'a rehearsal of a machine needs root rights here',
    tapprepAsRoot('rehearse'),
    { host: 'root@web1' },
    'sudo tapprep rehearse --host root@web1',
  ],
  [
    'doctor for what is only described',
    tapprep('doctor'),
    { distro: 'debian:12' },
    'tapprep doctor    # on that machine',
  ],
  ['a file of a root', run('ls -l /nope'), { root: '/srv/r' }, 'sudo chroot /srv/r ls -l /nope'],
  ['a file of a machine', run('ls -l /nope'), { host: 'far', sshConfig: 'F' }, "ssh -t -F F far 'ls -l /nope'"],
  [
    'what a root is, in which no kernel runs',
    IDENTIFY,
    { root: '/srv/r' },
    "sudo chroot /srv/r sh -c 'cat /etc/os-release; ls /lib/modules'",
  ],
  ['what this machine is', IDENTIFY, {}, 'cat /etc/os-release; uname -r -v'],
])('the target stands in the command: %s', (_name, remedy, raw, expected) => {
  expect(hint(remedy, raw)).toBe(expected);
});

test.each([
  [tapprep('plan', '--out', 'FILE'), { root: '/r' }, 'tapprep plan --out FILE --root /r    # makes a new lock'],
  [run('uname -r'), { facts: 'f' }, 'uname -r    # on that machine, makes a new lock'],
])('what else is to know follows as a comment', (remedy, raw, expected) => {
  expect(hint(remedy, raw, 'makes a new lock')).toBe(expected);
});

test('of two commands with comments each has its line', () => {
  const remedy: Remedy = { kind: 'set-clock', by: 'user' };
  expect(hint(remedy, { facts: 'f' })).toBe(
    'date -u    # on that machine\n       sudo timedatectl set-ntp true    # on that machine',
  );
});

async function failureOf(work: () => unknown): Promise<unknown> {
  try {
    return await work();
  } catch (error) {
    return error;
  }
}

describe('the line that was typed, but for one option', () => {
  test.each([
    [['plan', '--kernel', 'a', '--root', 'a'], { option: '--kernel', value: 'b' }, 'plan --kernel b --root a'],
    [['plan', '--kernel=a'], { option: '--kernel', value: 'b' }, "plan '--kernel=b'"],
    [['plan', '--offline'], { option: '--systemtap', value: '5.1' }, 'plan --offline --systemtap 5.1'],
    [['verify', '--', 'x y'], { option: '--in', value: 'vm' }, "verify --in vm -- 'x y'"],
    [
      ['doctor', '--report', 'a.html', '--report', 'a.pdf'],
      { option: '--report', value: 'b.html', instead: 'a.pdf' },
      'doctor --report a.html --report b.html',
    ],
  ])('%j', (argv, other, line) => {
    expect(retype(argv, other)).toBe(`tapprep ${line}`);
  });
});

describe('errors of domains', () => {
  test('a lock that is no file', async () => {
    const error = await failureOf(() => readLock('/nowhere', 'none'));
    const told = withHint(error, placeOfOptions({ distro: 'debian:12', kernel: '6.1.0-18-amd64' }, true));
    expect(renderError(told, false)).toContain(
      'try: tapprep plan --out none --distro debian:12 --kernel 6.1.0-18-amd64\n',
    );
  });

  test('a release of another distribution', async () => {
    const hints = { distro: 'debian', version: '12', idLike: [], unameV: null };
    const error = await failureOf(() => parseKernelRelease('5.14.0-503.11.1.el9_5.x86_64', hints));
    const place = placeOfOptions({ root: '/r', kernel: '5.14.0-503.11.1.el9_5.x86_64' }, true);
    expect(errorJson(error, place)).toMatchObject({
      error: { hint: expect.stringMatching(/^tapprep names --distro \w+:VERSION --kernel 5\.14\S+$/) as string },
    });
  });
});

test('a target as the options that describe it', () => {
  const target = { ...targetOf('debian', '12', '6.1.0-18-amd64'), unameV: '#1 SMP Debian 6.1.76-1' };
  const words = "--distro debian:12 --kernel 6.1.0-18-amd64 --arch x86_64 --uname-v '#1 SMP Debian 6.1.76-1'";
  expect(quoteCommand(describing(target))).toBe(words);
});
