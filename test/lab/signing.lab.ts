/** Kernels that refuse modules: the verdict that is told before, against what each kernel does; the table goes to docs/signing-results.md. */
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { X509Certificate } from 'node:crypto';
import { collectFacts } from '../../src/detect/facts.ts';
import {
  judgeBpf,
  judgeLoad,
  type LoadVerdict,
  type PolicyFacts,
  standingOfKey,
} from '../../src/detect/module-policy.ts';
import { createLocalHost } from '../../src/host/local.ts';
import type { Host } from '../../src/host/host.ts';
import { openChosen } from '../../src/pipeline/open-chosen.ts';
import { rehearse, withRehearsal } from '../../src/pipeline/rehearse.ts';
import { createModuleKey } from '../../src/sign/create-key.ts';
import { type ModuleSigner, openModuleSigner } from '../../src/sign/module-signer.ts';
import { INSTALLED_SYSTEMTAP, type UsableSystemtap } from '../../src/systemtap/usable.ts';
import { textOf } from '../../src/sentence.ts';
import type { HostFacts } from '../../src/types.ts';
import { compileModule } from '../../src/verify/compile-module.ts';
import { findPolicyFault, foreseePolicy, policyArguments, type PolicyWish } from '../../src/verify/guest-policy.ts';
import { BPF_RUNGS, HELLO } from '../../src/verify/rungs.ts';
import { bootInVm } from '../../src/vm/boot.ts';
import { prepareFirmware } from '../../src/vm/firmware.ts';
import { findVmTools } from '../../src/vm/host-tools.ts';
import type { VmJob } from '../../src/vm/job.ts';
import { collectInstalledStaprun } from '../../src/vm/staprun.ts';
import { LAB } from '../helpers/lab-root.ts';
import { declareLabTarget, findLabKernel, LAB_ROOT_OPTIONS, openLabSession } from '../helpers/lab-session.ts';
import { signingTools } from '../helpers/module-keys.ts';

/** ID:VERSION of the kernels to boot; each takes about two minutes on an idle machine once its root is there. */
const KERNELS = (process.env['TAPPREP_SIGNING'] ?? 'debian:12 debian:13 debian:sid').split(' ');
const PAGE = join(import.meta.dirname, '../../docs/signing-results.md');
/** Other work on this machine makes an emulated one slow. */
const BOOT_MS = 900_000;
const JOB_MS = 240_000;
/** Kinds of guest; `mok` needs shim, a stub of systemd-boot and sbsigntool on this machine. */
const POLICIES: readonly (readonly [string, PolicyWish])[] = [
  ['sig_enforce', { secureBoot: 'off', lockdown: null, sigEnforce: true }],
  ['Secure Boot, key in db', { secureBoot: 'db', lockdown: null, sigEnforce: false }],
  ['Secure Boot, key as MOK', { secureBoot: 'mok', lockdown: null, sigEnforce: false }],
  ['lockdown integrity', { secureBoot: 'off', lockdown: 'integrity', sigEnforce: false }],
  ['lockdown confidentiality', { secureBoot: 'off', lockdown: 'confidentiality', sigEnforce: false }],
];
const FORMS = ['unsigned', 'unknown key', 'altered', 'trusted key', 'bpf hello', 'bpf kernel.function'] as const;
type Form = (typeof FORMS)[number];

interface Cell {
  readonly policy: string;
  readonly form: Form;
  readonly foretold: LoadVerdict['loads'];
  readonly why: LoadVerdict['why'];
  readonly loaded: boolean;
  /** The last line that staprun or stapbpf said. */
  readonly words: string;
}

/** What staprun says of each reason (kernel: EKEYREJECTED and EPERM); of the others it says nothing that is always the same. */
const WORDS: Readonly<Partial<Record<LoadVerdict['why'], string>>> = {
  unsigned: 'Key was rejected by service',
  'unknown-key': 'Key was rejected by service',
  altered: 'Key was rejected by service',
  'locked-down': 'Operation not permitted',
};

mkdirSync(LAB, { recursive: true });
const work = mkdtempSync(join(LAB, 'signing-'));
const tools = signingTools(work);
const signal = new AbortController().signal;
afterAll(() => {
  rmSync(work, { recursive: true, force: true });
});

async function makeSigner(name: string): Promise<ModuleSigner> {
  const { files } = await createModuleKey(join(work, name), name, null, tools);
  const place = {
    key: { kind: 'file', path: files.key },
    certificate: files.certificate,
    allowExpired: false,
  } as const;
  return openModuleSigner(place, tools);
}

test.each(KERNELS)(
  '%s: what is told before is what the kernel does, in every cell',
  async (distro) => {
    const session = await openLabSession();
    const release = await findLabKernel(distro);
    const open = declareLabTarget(distro, release);
    const { facts: declared } = open;
    await rehearse(session, open, { ...LAB_ROOT_OPTIONS, level: 'hello', scripts: [], systemtap: 'auto' });
    const cells: Cell[] = [];
    await withRehearsal(session, open, LAB_ROOT_OPTIONS, async ({ host, kernelImage }) => {
      const systemtap = (await openChosen(session, host, release)) ?? INSTALLED_SYSTEMTAP;
      const [own, stranger] = [await makeSigner(`own-${release}`), await makeSigner(`stranger-${release}`)];
      const files = await build(host, systemtap, release, own, stranger);
      const { config } = await collectFacts(host, { release });
      const staprun = systemtap.guestStaprun ?? (await collectInstalledStaprun(host));
      for (const [policy, wish] of POLICIES) {
        const directory = mkdtempSync(join(work, 'boot-'));
        const foreseen = foreseePolicy(wish, { ...declared, config }, own.certificate);
        const certificate = new X509Certificate(own.certificate.raw).toString();
        const firmware = await prepareFirmware(
          { secureBoot: wish.secureBoot ?? 'off', certificate },
          { local: createLocalHost(), directory, signal },
        );
        const report = await bootInVm({
          kernelImage,
          tools: await findVmTools(createLocalHost(), { arch: 'x86_64' }),
          staprun,
          jobs: FORMS.map((form) => jobOf(form, files[form])),
          bootTimeoutMs: BOOT_MS,
          kernelArguments: policyArguments(wish),
          firmware,
          temporaryDirectory: directory,
          signal,
          emit: () => undefined,
        });
        expect(report.release).toBe(release);
        expect(findPolicyFault(wish, report.policy)).toBeNull();
        // The guest's own keyrings say of the key what was foretold.
        expect(standingOfKey(report.policy.trustedKeys, own.certificate, declared.os.id)).toBe('trusted');
        expect(standingOfKey(report.policy.trustedKeys, stranger.certificate, declared.os.id)).toBe('unknown-key');
        for (const [index, form] of FORMS.entries()) {
          const job = report.jobs[index];
          const verdict = foretellForm(form, foreseen, declared, own);
          const isSeen = job?.outcome === 'ended' && job.exitStatus === 0 && job.missed.length === 0;
          const said = (job?.stderr ?? '').trim().split('\n').at(-1) ?? '';
          // What neither says why nor prints is told whole.
          const words = isSeen || said !== '' ? said : JSON.stringify({ ...job, kernelLog: '' });
          cells.push({ policy, form, foretold: verdict.loads, why: verdict.why, loaded: isSeen, words });
        }
      }
    });
    writeSection(`${distro.replace('debian:', 'Debian ')}, kernel ${release}`, cells);
    expect(cells.filter(({ foretold, loaded }) => foretold !== loaded)).toEqual([]);
    expect(cells.filter(({ why, words }) => !words.includes(WORDS[why] ?? ''))).toEqual([]);
    expect(cells).toHaveLength(POLICIES.length * FORMS.length);
  },
  3_000_000,
);

/** A copy under the module's own name. */
function keep(form: string, bytes: Buffer): string {
  const directory = mkdtempSync(join(work, `${form}-`));
  writeFileSync(join(directory, `${HELLO.module}.ko`), bytes);
  return join(directory, `${HELLO.module}.ko`);
}

/** A file for each form, each under the name that its module has. */
async function build(
  host: Host,
  systemtap: UsableSystemtap,
  release: string,
  own: ModuleSigner,
  stranger: ModuleSigner,
): Promise<Readonly<Record<Form, string>>> {
  const compile = async (name: string, script: string, runtime: 'module' | 'bpf'): Promise<string> => {
    const outDir = `/tmp/tapprep-signing-${process.pid}/${name}-${runtime}`;
    const { modulePath, reason } = await compileModule(host, {
      kernel: release,
      script,
      name,
      outDir,
      runtime,
      stapArgv: systemtap.stapArgv,
    });
    if (modulePath === null) throw new Error(reason === null ? name : textOf(reason));
    return join(host.localPath('/') ?? '', modulePath);
  };
  const hello = readFileSync(await compile(HELLO.module, HELLO.script, 'module'));
  const trusted = await own.sign(hello, 'hello.ko', 'sha256');
  const altered = Buffer.from(trusted);
  // Of the ELF header's size of program headers, of which a module has none.
  altered[0x36] = (altered[0x36] ?? 0) ^ 1;
  const [functionRung] = BPF_RUNGS.filter(({ name }) => name === 'kernel.function');
  return {
    unsigned: keep('unsigned', hello),
    'unknown key': keep('unknown', await stranger.sign(hello, 'hello.ko', 'sha256')),
    altered: keep('altered', altered),
    'trusted key': keep('trusted', trusted),
    'bpf hello': await compile(HELLO.module, HELLO.script, 'bpf'),
    'bpf kernel.function': await compile(functionRung?.module ?? '', functionRung?.script ?? '', 'bpf'),
  };
}

function jobOf(form: Form, modulePath: string): VmJob {
  const isFunction = form === 'bpf kernel.function';
  return {
    name: form.replaceAll(' ', '-'),
    modulePath,
    expect: [isFunction ? 'rung kernel.function' : HELLO.marker],
    ...(isFunction ? { trigger: 'cat /proc/version; sleep 1; cat /proc/version' } : {}),
    timeoutMs: JOB_MS,
  };
}

function foretellForm(form: Form, foreseen: PolicyFacts, { os }: HostFacts, own: ModuleSigner): LoadVerdict {
  if (form === 'bpf hello' || form === 'bpf kernel.function') return judgeBpf(foreseen, form === 'bpf kernel.function');
  const standing = {
    unsigned: 'unsigned',
    'unknown key': 'unknown-key',
    altered: 'altered',
    'trusted key': standingOfKey(foreseen.security.trustedKeys, own.certificate, os.id),
  } as const;
  return judgeLoad(foreseen, standing[form]);
}

const HEAD = `# Signed modules: what was told before, and what the kernel did

Written by \`npm run lab -- signing\`. Each guest has UEFI firmware (OVMF) that knows the trusted key. In each cell stands what
tapprep said before anything was compiled, then what that kernel did: \`+\` loads and prints, \`-\` is refused. The bpf cell is
SystemTap's bpf runtime with hello and with kernel.function and \`$return\`.
`;

/** Writes the table of one kernel into the page, in the place of an earlier one of the same distribution. */
function writeSection(title: string, cells: readonly Cell[]): void {
  const columns = ['unsigned', 'unknown key', 'altered', 'trusted key', 'bpf: hello, kernel.function'];
  const rows = POLICIES.map(([policy]) => {
    const marks = FORMS.map((form) => {
      const cell = cells.find((each) => each.policy === policy && each.form === form);
      return cell === undefined ? 'not run' : `${markOf(cell.foretold)} ${markOf(cell.loaded)}`;
    });
    return `| ${policy} | ${[...marks.slice(0, 4), marks.slice(4).join(', ')].join(' | ')} |`;
  });
  const right = cells.filter(({ foretold, loaded }) => foretold === loaded).length;
  const day = new Date().toISOString().slice(0, 10);
  const section = `## ${title}

${day}: ${right} of ${cells.length} verdicts were right.

| guest | ${columns.join(' | ')} |
| --- | ${columns.map(() => '---').join(' | ')} |
${rows.join('\n')}
`;
  const page = existsSync(PAGE) ? readFileSync(PAGE, 'utf8') : '';
  const others = page.split(/^(?=## )/m).slice(1);
  const [distro] = title.split(',');
  const sections = [...others.filter((each) => !each.startsWith(`## ${distro ?? ''},`)), section];
  writeFileSync(PAGE, `${[HEAD, ...sections.toSorted()].map((each) => each.trimEnd()).join('\n\n')}\n`);
}

function markOf(loads: boolean | null): string {
  return loads === null ? '?' : loads ? '+' : '-';
}
