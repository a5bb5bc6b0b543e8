/** A preflight in which every foreign text is the same, to see where it goes. */
import type { Preflight } from '../../../src/report/preflight.ts';
import { say } from '../../../src/sentence.ts';
import type { BuildId, Fingerprint, Plan, RpmTarget, VerifyStep } from '../../../src/types.ts';

const DIGEST = 'ab'.repeat(32);
const KEY = 'CD'.repeat(20) as Fingerprint;

export function samplePreflight(foreign: string): Preflight {
  const target: RpmTarget = {
    family: 'rpm',
    kernelFamily: 'el',
    distro: foreign,
    version: foreign,
    codename: foreign,
    arch: foreign,
    release: foreign,
    unameV: foreign,
    buildId: foreign as BuildId,
    packageArch: foreign,
    stem: foreign,
    variant: null,
    versionRelease: foreign,
  };
  const plan: Plan = {
    schema: 'tapprep-plan/1',
    target,
    items: [
      {
        kind: 'package',
        role: 'devel',
        name: foreign,
        version: foreign,
        arch: foreign,
        fileName: foreign,
        urls: [foreign],
        sizeBytes: 12_345_678,
        installedBytes: null,
        trust: { kind: 'signed-index', digest: { algorithm: 'sha256', hex: DIGEST }, signer: KEY, index: foreign },
        match: 'nevra',
        repository: foreign,
        install: true,
        replaces: null,
      },
    ],
    present: [],
    downloadBytes: 12_345_678,
    installedBytes: 0,
    notes: [foreign],
  };
  const diagnosis = {
    code: 'DEVEL_MISSING',
    confidence: 'likely',
    evidence: [foreign],
    cause: foreign,
    remedies: [],
    fix: [foreign],
    otherwise: foreign,
  } as const;
  return {
    command: 'install',
    target,
    kernel: foreign,
    system: foreign,
    ready: false,
    ranIn: 'vm',
    signedBy: foreign,
    steps: [
      step({ step: 'tools', id: 'tools', status: 'pass', output: foreign, seconds: 0.25 }),
      step({
        step: foreign,
        id: 'script',
        script: foreign,
        status: 'fail',
        blame: 'script',
        reason: say(foreign),
        output: foreign,
        seconds: 1.5,
      }),
      step({ step: 'probe', id: 'timer', status: 'skip', reason: say(foreign) }),
    ],
    checks: [{ check: foreign, status: 'problem', detail: foreign, diagnosis }],
    diagnoses: [diagnosis],
    commands: [foreign],
    byHand: [foreign],
    plan,
    install: {
      installed: [],
      replaced: [{ name: foreign, from: foreign, to: foreign }],
      unchanged: 0,
      journal: foreign,
    },
    stages: [
      { stage: 'plan', seconds: 2 },
      { stage: foreign, seconds: 3 },
    ],
    systemtap: [{ name: foreign, predicted: null, ready: false, reason: say(foreign) }],
    fixes: [],
    failure: null,
  };
}

function step(more: Partial<VerifyStep>): VerifyStep {
  const passed: VerifyStep = {
    step: 'hello',
    id: 'hello',
    script: null,
    required: true,
    status: 'pass',
    blame: null,
    reason: null,
    output: '',
    seconds: 0,
  };
  return { ...passed, ...more };
}
