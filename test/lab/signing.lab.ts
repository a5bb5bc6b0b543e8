/** Kernels that refuse modules: the verdict that is told before, against what each kernel does; the table goes to docs/lab-results.md. */
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { X509Certificate } from 'node:crypto';
import { collectFacts } from '../../src/detect/facts.ts';
import { declareFacts } from '../../src/detect/declared-facts.ts';
import { type LoadVerdict, judgeLoad, type PolicyFacts, standingOfKey } from '../../src/detect/module-policy.ts';
import { identifyTarget } from '../../src/detect/target.ts';
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
import { findLabKernel, openLabSession } from '../helpers/lab-session.ts';
import { signingTools } from '../helpers/module-keys.ts';

/** ID:VERSION of the kernels to boot; each takes about two minutes on an idle machine once its root is there. */
const KERNELS = (process.env['TAPPREP_SIGNING'] ?? 'debian:12 debian:13').split(' ');
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
  readonly kernel: string;
  readonly policy: string;
  readonly form: Form;
  readonly foretold: LoadVerdict['loads'];
  readonly why: string;
  readonly loaded: boolean;
  readonly words: string;
}

mkdirSync(LAB, { recursive: true });
const work = mkdtempSync(join(LAB, 'signing-'));
const cells: Cell[] = [];
const tools = signingTools(work);
const signal = new AbortController().signal;
afterAll(() => {
  rmSync(work, { recursive: true, force: true });
  if (cells.length > 0) writeTable();
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
    const session = { ...(await openLabSession()), cacheDir: join(homedir(), '.cache/tapprep') };
    const release = await findLabKernel(distro);
    const declared = declareFacts({ distro, release, arch: null, unameV: null });
    const subject = { host: null, facts: declared, target: identifyTarget(declared, { arch: null, unameV: null }) };
    const options = { debuginfo: true, allowExpiredRelease: true, yes: true, isRoot: true } as const;
    await rehearse(session, subject, { ...options, level: 'hello', scripts: [], systemtap: 'auto' });
    await withRehearsal(session, subject, options, async ({ host, kernelImage }) => {
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
          tools: await findVmTools(createLocalHost()),
          staprun,
          jobs: FORMS.map((form) => jobOf(form, files[form])),
          kernelArguments: policyArguments(wish),
          firmware,
          temporaryDirectory: directory,
          signal,
          emit: () => undefined,
        });
        expect(report.release).toBe(release);
        expect(findPolicyFault(wish, report.policy)).toBeNull();
        for (const [index, form] of FORMS.entries()) {
          const job = report.jobs[index];
          const verdict = foretellForm(form, foreseen, declared, own);
          const isSeen = job?.outcome === 'ended' && job.exitStatus === 0 && job.missed.length === 0;
          const words = (job?.stderr ?? '').trim().split('\n').at(-1) ?? '';
          cells.push({
            kernel: release,
            policy,
            form,
            foretold: verdict.loads,
            why: verdict.why,
            loaded: isSeen,
            words,
          });
        }
      }
    });
    const wrong = cells.filter(({ kernel, foretold, loaded }) => kernel === release && foretold !== loaded);
    expect(wrong).toEqual([]);
    expect(cells.filter(({ kernel }) => kernel === release)).toHaveLength(POLICIES.length * FORMS.length);
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
    timeoutMs: 60_000,
  };
}

/** The bpf runtime needs no signature; what reads the kernel's memory is what confidentiality forbids. */
function foretellForm(form: Form, foreseen: PolicyFacts, { os }: HostFacts, own: ModuleSigner): LoadVerdict {
  if (form === 'bpf hello') return { loads: true, why: 'no-policy' };
  if (form === 'bpf kernel.function')
    return { loads: foreseen.security.lockdown !== 'confidentiality', why: 'locked-down' };
  const standing = {
    unsigned: 'unsigned',
    'unknown key': 'unknown-key',
    altered: 'altered',
    'trusted key': standingOfKey(foreseen.security.trustedKeys, own.certificate, os.id),
  } as const;
  return judgeLoad(foreseen, standing[form]);
}

function writeTable(): void {
  const head = `# Signed modules: what was told before, and what the kernel did\n\nWritten by test/lab/signing.lab.ts. + loads and prints, - is refused; each cell is what was foretold and what was seen.\n`;
  const sections = [...new Set(cells.map(({ kernel }) => kernel))].map((kernel) => {
    const rows = POLICIES.map(([policy]) => {
      const marks = FORMS.map((form) => {
        const cell = cells.find((each) => each.kernel === kernel && each.policy === policy && each.form === form);
        return cell === undefined
          ? ''
          : `${cell.foretold === null ? '?' : cell.foretold ? '+' : '-'} ${cell.loaded ? '+' : '-'}`;
      });
      return `| ${policy} | ${marks.join(' | ')} |`;
    });
    return `\n## ${kernel}\n\n| guest | ${FORMS.join(' | ')} |\n|---|${FORMS.map(() => '---|').join('')}\n${rows.join('\n')}\n`;
  });
  const page = readFileSync('docs/lab-results.md', 'utf8');
  const at = page.indexOf('\n# Signed modules');
  writeFileSync('docs/lab-results.md', `${at === -1 ? page : page.slice(0, at)}\n${head}${sections.join('')}`);
}
