/** A target on which verification can be run: made-up files, and a stap that answers as real ones were seen to. */
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import type { DebTarget, VerifyReport } from '../../src/types.ts';
import type { VerifyOptions } from '../../src/verify/options.ts';
import { blame } from '../../src/verify/step.ts';
import { verifyTarget } from '../../src/verify/verify-target.ts';
import { createRecordedHost } from './recorded-host.ts';
import type { Answer, RecordedHost } from './recorded-host.ts';

export const R = '6.1.0-56-cloud-amd64';
const TARGET: DebTarget = {
  family: 'deb',
  distro: 'debian',
  version: '12',
  codename: 'bookworm',
  arch: 'x86_64',
  release: R,
  unameV: null,
  buildId: null,
  packageArch: 'amd64',
  flavour: 'cloud-amd64',
  kernelFamily: 'debian',
  packageVersion: null,
};
const directories: string[] = [];

/** Removes the directories of all hosts that were prepared. */
export function removeTargets(): void {
  for (const directory of directories.splice(0)) rmSync(directory, { recursive: true });
}

/** As stap 4.8 of Debian 12 was seen to answer on this kernel. */
export const COMPILE_ERROR = `In file included from /usr/share/systemtap/runtime/stp_utrace.c:28,
/usr/share/systemtap/runtime/stp_task_work.c:107:15: error: incompatible types when assigning to type 'struct callback_head *' from type 'bool'
WARNING: kbuild exited with status: 2
Pass 4: compilation failed.  [man error::pass4]
`;
const VERSION =
  'Systemtap translator/driver (version 4.8/0.188, Debian version 4.8-2)\ntested kernel versions: 2.6.32 ... 6.1.0-rc3\n';

/** stap that leaves a module of `vermagic` where -m says, else in its cache (as 5.1 was seen to), or fails as told. */
export function stap(vermagic: string, failure: string | null = null): Answer {
  return (argv, options, directory) => {
    if (argv.includes('-V')) return { stderr: VERSION };
    if (failure !== null) return { exitCode: 1, stderr: failure };
    const cwd = options.cwd ?? '';
    const script = readFileSync(join(directory, cwd, argv[argv.indexOf('--') + 1] ?? ''));
    const kept = `stap_${createHash('md5').update(script).digest('hex')}_1355.ko`;
    const path = argv.includes('-m')
      ? `${argv[argv.indexOf('-m') + 1] ?? ''}.ko`
      : join(options.env?.['SYSTEMTAP_DIR'] ?? '', 'cache/52', kept);
    const [source, module] = [join(directory, 'module.s'), join(directory, path.startsWith('/') ? '' : cwd, path)];
    mkdirSync(dirname(module), { recursive: true });
    writeFileSync(source, `.section .modinfo,"a"\n.asciz "vermagic=${vermagic} SMP"\n`);
    execFileSync('as', ['-o', module, source]);
    return { stdout: `${path}\n` };
  };
}

const nothing: Answer = () => ({});

/** A host whose kernel R has a complete build tree. @param stapAnswer null where stap is not installed */
export function prepareTarget(stapAnswer: Answer | null): RecordedHost {
  const directory = mkdtempSync(join(tmpdir(), 'tapprep-verify-'));
  directories.push(directory);
  const tree = `/lib/modules/${R}/build`;
  const files = {
    [`${tree}/.config`]: 'CONFIG_MODULES=y\n',
    [`${tree}/Module.symvers`]: '0x1\tprintk\tvmlinux\tEXPORT_SYMBOL\n',
    [`${tree}/Makefile`]: 'all:\n',
    [`${tree}/include/generated/utsrelease.h`]: `#define UTS_RELEASE "${R}"\n`,
  };
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(dirname(join(directory, name)), { recursive: true });
    writeFileSync(join(directory, name), text);
  }
  return createRecordedHost(directory, {
    mktemp: (argv) => ({ stdout: `${(argv[2] ?? '').replace('XXXXXX', 'Ab12Cd')}\n` }),
    rm: nothing,
    mkdir: nothing,
    mv: nothing,
    rmdir: nothing,
    id: () => ({ stdout: '0\n' }),
    stat: () => ({ stdout: '0 700\n' }),
    gcc: nothing,
    make: nothing,
    ...(stapAnswer === null ? {} : { stap: stapAnswer }),
  });
}

/** Verification of hello world that can be loaded nowhere, but for what `more` says. */
export function verify(host: RecordedHost, more: Partial<VerifyOptions> = {}): Promise<VerifyReport> {
  return verifyTarget({
    target: TARGET,
    host,
    where: 'none',
    whyNot: blame('this-machine', `${R} does not run here, and QEMU is not installed`),
    level: 'hello',
    workDirectory: '/var/tmp/tapprep',
    sleep: () => Promise.resolve(),
    signal: new AbortController().signal,
    emit: () => undefined,
    ...more,
  });
}
