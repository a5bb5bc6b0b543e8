/** Verdicts for tests. */
import { type Candidate, nameOf } from '../../src/systemtap/choose.ts';
import type { KernelBuild } from '../../src/systemtap/kernel-build.ts';
import { type SeenVerdict, toTried, type Verdict } from '../../src/systemtap/verdicts.ts';

export const SAMPLE_BUILD: KernelBuild = {
  distro: 'debian',
  release: '6.1.0-18-amd64',
  arch: 'x86_64',
  package: '6.1.76-1',
  buildId: null,
  unameV: null,
};

export function sampleVerdict(
  candidate: Candidate,
  hello: 'pass' | 'fail',
  higher: 'pass' | 'fail' | 'skip',
  kernel: KernelBuild = SAMPLE_BUILD,
): SeenVerdict {
  const isWhole = hello === 'pass' && higher !== 'fail';
  return {
    kernel,
    systemtap: toTried(candidate),
    rungs: { hello, 'kernel.function': higher },
    failed: isWhole ? null : { step: hello === 'fail' ? 'hello' : 'kernel.function', blame: 'systemtap' },
    reason: isWhole ? null : 'stap exited with status 1',
    at: '2026-11-23T00:00:00.000Z',
    tapprep: '0.1.0',
  };
}

/** The same as this machine remembers it. */
export function ownVerdict(...[candidate, hello, higher, kernel]: Parameters<typeof sampleVerdict>): Verdict {
  const seen = sampleVerdict(candidate, hello, higher, kernel);
  return { ...seen, candidate: nameOf(candidate), origin: { kind: 'here' } };
}
