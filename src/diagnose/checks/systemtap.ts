/** SystemTap itself: there, whole, of one version, and known to have seen such a kernel. */
import { compareStapVersions, placeInTestedRange } from '../../detect/stap-version.ts';
import { isPlaceOfStaprun, PREFIX } from '../../resolve/folder-place.ts';
import { upstreamKernelOf } from '../../systemtap/kernel-version.ts';
import { predictFit } from '../../systemtap/predict.ts';
import { textOf } from '../../sentence.ts';
import type { Sentence, SystemtapFacts } from '../../types.ts';
import { install, prepare, runAsRoot } from '../../make-remedy.ts';
import { advice, type Check, fine, type Finding, problem, unknown, type View } from '../finding.ts';
import { canPrepare } from '../settle-remedies.ts';
import { shellLine } from '../../shell-words.ts';

/** Set-uid root and executable by stapusr: what staprun is installed with. */
const SETUID = /^4[0-7]{3}$/;

/** stap, staprun, tapset, versions and set-uid bit. */
export const checkSystemtap: Check = (view) => {
  const stap = view.facts.systemtap;
  if (stap === null) {
    const detail = 'SystemTap is not installed: there is no stap in the PATH.';
    return [
      problem(view, 'SystemTap', 'STAP_INSTALL_BROKEN', detail, {
        evidence: ['stap: not found'],
        // tapprep knows which one fits the kernel.
        remedies: [canPrepare(view.situation) ? prepare() : install(['systemtap'], 'systemtap')],
        otherwise: null,
      }),
    ];
  }
  const findings = [...checkParts(view, stap), ...checkRange(view, stap)];
  if (findings.some(({ status }) => status === 'problem')) return findings;
  return [fine('SystemTap', `SystemTap ${stap.version ?? 'of unknown version'} is whole.`), ...findings];
};

function checkParts(view: View, stap: SystemtapFacts): readonly Finding[] {
  const found: Finding[] = [];
  if (stap.staprunPath === null) {
    found.push(
      problem(
        view,
        'SystemTap',
        'STAP_INSTALL_BROKEN',
        `${stap.path} is there but staprun is not: the runtime package is missing.`,
        { evidence: [`stap: ${stap.path}`, 'staprun: not found'] },
      ),
    );
  } else if (stap.version !== null && stap.staprunVersion !== null && era(stap.version) !== era(stap.staprunVersion)) {
    found.push(
      problem(
        view,
        'SystemTap',
        'STAPRUN_VERSION_MISMATCH',
        `stap is ${stap.version} but staprun is ${stap.staprunVersion}, and across 5.0 they do not understand each other.`,
        {
          evidence: [`${stap.path}: ${stap.version}`, `${stap.staprunPath}: ${stap.staprunVersion}`],
        },
      ),
    );
  } else if (
    stap.version !== null &&
    stap.staprunVersion !== null &&
    compareStapVersions(stap.version, stap.staprunVersion) !== 0
  ) {
    found.push(
      advice(
        view,
        'SystemTap',
        'STAPRUN_VERSION_MISMATCH',
        `stap is ${stap.version} but staprun is ${stap.staprunVersion}.`,
        {
          evidence: [`${stap.path}: ${stap.version}`, `${stap.staprunPath}: ${stap.staprunVersion}`],
          confidence: 'possible',
        },
      ),
    );
  }
  if (stap.tapsetCount === 0) {
    found.push(
      problem(view, 'SystemTap', 'STAP_INSTALL_BROKEN', `${stap.path} has no tapset: 0 library scripts.`, {
        evidence: ['library scripts: 0'],
      }),
    );
  }
  if (
    stap.staprunPath !== null &&
    stap.staprunMode !== null &&
    !SETUID.test(stap.staprunMode) &&
    view.facts.user.uid !== 0
  ) {
    const { staprunPath } = stap;
    found.push(
      problem(
        view,
        'SystemTap',
        'STAP_INSTALL_BROKEN',
        `${staprunPath} has mode ${stap.staprunMode} but must be set-uid root (4110) for users who are not root.`,
        {
          evidence: [`${staprunPath}: mode ${stap.staprunMode}`],
          // Set-uid root is what a package put there: of any other file nobody knows what it does.
          ...(isPlaceOfStaprun(staprunPath)
            ? {
                remedies: [
                  runAsRoot(shellLine`chown root:stapusr ${staprunPath}`),
                  runAsRoot(shellLine`chmod 4110 ${staprunPath}`),
                ],
              }
            : {}),
        },
      ),
    );
  }
  return found;
}

/** The table of known incompatibilities weighs more than the range; neither is a verdict, so it never is more than advice. */
function checkRange(view: View, stap: SystemtapFacts): readonly Finding[] {
  const { release } = view.facts.kernel;
  // What the record names for this kernel: its range is that of what it was made from.
  if (release !== null && isOwn(stap)) return [judgeRecord(stap, release)];
  const unfit = findUnfit(view, stap);
  if (unfit !== null) {
    const detail = `SystemTap ${stap.version ?? ''} is known to fail on kernel ${release ?? ''}: ${textOf(unfit)}.`;
    return [
      advice(view, 'SystemTap and kernel', 'STAP_TOO_OLD', detail, {
        evidence: [`kernel release: ${release ?? ''}`, `SystemTap: ${stap.package ?? stap.path} ${stap.version ?? ''}`],
        confidence: 'likely',
      }),
    ];
  }
  if (release === null || stap.testedKernels === null) {
    return [
      unknown(
        'SystemTap and kernel',
        'This stap does not say which kernels it was tested with; "tapprep verify" tells.',
      ),
    ];
  }
  const place = placeInTestedRange(stap.testedKernels, release);
  if (place === null)
    return [unknown('SystemTap and kernel', `"${stap.testedKernels}" cannot be compared with ${release}.`)];
  if (place === 'within') return [fine('SystemTap and kernel', `Kernel ${release} lies within ${stap.testedKernels}.`)];
  const detail =
    `Kernel ${release} lies ${place} ${stap.testedKernels}, the kernels that SystemTap ${stap.version ?? ''} was tested with.`.replace(
      '  ',
      ' ',
    );
  return [
    advice(view, 'SystemTap and kernel', 'STAP_TOO_OLD', detail, {
      evidence: [`kernel release: ${release}`, `tested kernel versions: ${stap.testedKernels}`],
      confidence: 'likely',
    }),
  ];
}

/** Facts of older versions do not say how far it got. */
function judgeRecord({ path, hello }: SystemtapFacts, release: string): Finding {
  if (hello === 'pass') {
    return fine('SystemTap and kernel', `${path} was proven for kernel ${release}, and is what tapprep uses.`);
  }
  const how = hello === 'skip' ? 'only compiled a module for' : 'was recorded for';
  return unknown('SystemTap and kernel', `${path} ${how} kernel ${release}, and is what tapprep uses.`);
}

/** What tapprep put together itself: it carries patches that its version does not tell. */
function isOwn({ path }: SystemtapFacts): boolean {
  return path.startsWith(`${PREFIX}/`);
}

/** Why the table calls this SystemTap unfit for this kernel's hello world; null where it does not, or cannot be asked. */
function findUnfit({ facts, target }: View, { version, package: owner }: SystemtapFacts): Sentence | null {
  if (target === null || version === null) return null;
  const kernelVersion = facts.kernelPackages.find(({ name }) => name.endsWith(target.release))?.version ?? null;
  const own = facts.packages.find(({ name }) => name === 'systemtap' || name === owner)?.version ?? null;
  // A package whose revision is not known may carry the fix.
  if (owner !== null && own === null) return null;
  const stap = { version, packageVersion: own, distro: own === null ? null : target.distro };
  const { verdict, reasons } = predictFit(stap, upstreamKernelOf(target, kernelVersion));
  return verdict === 'unfit' ? (reasons[0] ?? null) : null;
}

function era(version: string): boolean {
  return compareStapVersions(version, '5.0') >= 0;
}

/** Modules kept from earlier runs. */
export const checkCache: Check = ({ facts }) => {
  const { cachePaths = [], temporaryPaths = [] } = facts.systemtap ?? {};
  const left =
    temporaryPaths.length === 0
      ? ''
      : ` ${String(temporaryPaths.length)} temporary directories of ended runs are left in /tmp.`;
  if (cachePaths.length === 0) return [fine('stap cache', `There is none.${left}`)];
  return [
    fine('stap cache', `${cachePaths.join(', ')} holds modules of earlier runs; delete it after every repair.${left}`),
  ];
};
