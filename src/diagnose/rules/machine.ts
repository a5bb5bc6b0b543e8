/** What kind of machine it is: containers, kernels of no distribution, a reboot that is due. */
import { type Grade, kernelName, text, type Pattern, type Rule, type Match } from '../rule.ts';
import { isOnlyCutShort } from '../release-option.ts';
import { newerKernel } from '../other-packages.ts';
import { DETECTED, DOCKER_LINE, IMAGE_STEP, OF_CONTAINERS, OF_GVISOR, OF_OPENVZ, TOOLS_WRAPPER } from '../log-facts.ts';
import { isInContainer } from '../situation.ts';
import { onHost } from '../../make-remedy.ts';
import { shellLine } from '../../shell-words.ts';
import { NO_CONFIG } from './build-tree.ts';
import { NO_KERNEL_DEBUGINFO } from './debuginfo.ts';
import { NO_TREE } from './neighbours.ts';
import { NOT_FOUND_PATTERNS, readAsked } from '../package-manager/asked-packages.ts';

const HINT = text('kernel-devel package, use');
const CONTAINER_LINE: Rule['evidence'] = ({ situation }) =>
  situation.log.container === null ? [] : [situation.log.container];
const IN_CONTAINER: Rule['cause'] = ({ situation }) =>
  isGvisor(situation.log)
    ? 'This runs in gVisor, a program that answers as a kernel of its own making: it takes no modules, and no package anywhere is of it.'
    : situation.packages.standing === 'foreign' && !isInContainer(situation)
      ? `${kernelName(situation)} is of another distribution than this system: this is a container on that kernel, or somebody installed it here.`
      : `This runs in a container: ${kernelName(situation)} is that of the host, and the image has no packages of it.`;
/** Nothing of the kernel that runs is there, not even its modules. */
const NO_MODULES: readonly Pattern[] = [
  text(
    'could not open',
    /could not open (?:directory|moddep file) ["'`]?(?:\/usr)?\/lib\/modules\/\d[^\s:]{2,80}(?:: No such file|["'`]\s*$)/,
  ),
  // busybox
  text(
    "can't change directory to",
    /modprobe: can't change directory to ["'`](?:\/lib\/modules|\d\.\d[\w.+~-]{1,80})["'`]: No such file/,
  ),
];
const NOT_IN = text(
  'not found in directory',
  /FATAL: Module (\w[\w-]{0,60}) not found in directory \S{0,20}\/lib\/modules\//,
);
const NO_TOOLS = text('not found for kernel', TOOLS_WRAPPER);
const MISSING = [NO_CONFIG, ...NO_KERNEL_DEBUGINFO, HINT];

export const MACHINE_RULES: readonly Rule[] = [
  {
    code: 'CONTAINER_KERNEL_NOT_IN_IMAGE',
    patterns: MISSING,
    grade: ({ situation, seen }) => {
      if (situation.host?.security.container != null) return 'proves';
      if (situation.log.container === null)
        return /linuxkit/.test(situation.release ?? '') || situation.packages.standing === 'foreign' ? 'points' : null;
      return seen(NO_CONFIG) || seen(HINT) ? 'proves' : 'points';
    },
    cause: IN_CONTAINER,
    evidence: CONTAINER_LINE,
  },
  {
    code: 'CONTAINER_KERNEL_NOT_IN_IMAGE',
    patterns: [...NO_TREE, ...NO_MODULES],
    grade: ({ situation, lines }) => {
      if (isDetected(situation.log)) return 'proves';
      if (isPrintedByOne(situation.log) || isWithinRecipe(situation.log, lines)) return 'points';
      return isInContainer(situation) ? 'allows' : null;
    },
    cause: IN_CONTAINER,
    evidence: CONTAINER_LINE,
  },
  {
    code: 'CONTAINER_KERNEL_NOT_IN_IMAGE',
    patterns: [NOT_IN],
    grade: ({ situation }) =>
      isDetected(situation.log) || isPrintedByOne(situation.log)
        ? 'points'
        : isInContainer(situation)
          ? 'allows'
          : null,
    cause: ({ groups, situation }) =>
      `This runs in a container, which has no modules of its own: ${groups[0] ?? 'the module'} is loaded into ${kernelName(situation)} on its host, or not at all.`,
    evidence: CONTAINER_LINE,
    remedies: (_situation, { groups }) => [onHost(shellLine`sudo modprobe ${groups[0] ?? 'MODULE'}`)],
    otherwise:
      'The command is for the host. What the module brings, such as a device, has to be given to the container as well, where the host describes it.',
  },
  {
    code: 'CONTAINER_KERNEL_NOT_IN_IMAGE',
    patterns: NOT_FOUND_PATTERNS,
    grade: ({ situation, captures }) => {
      if (!captures.some(([name = '']) => isOfKernel(name))) return null;
      if (situation.packages.standing === 'foreign') return 'points';
      if (isBuiltImage(situation.log) || isDetected(situation.log)) return 'points';
      return isInContainer(situation) ? 'allows' : null;
    },
    cause: (match) => {
      const { packages, log } = match.situation;
      const kernel = kernelName(match.situation);
      if (packages.standing === 'foreign')
        return `${kernel} is of another distribution than the package manager that was asked for its packages${isInContainer(match.situation) ? ', as in a container' : ': this is a container on that kernel, or somebody installed it here'}.`;
      return isBuiltImage(log)
        ? `An image is built, and asks its own repositories for packages of ${kernel}, which is that of the host that builds it.`
        : IN_CONTAINER(match);
    },
    evidence: CONTAINER_LINE,
  },
  {
    code: 'CONTAINER_KERNEL_NOT_IN_IMAGE',
    patterns: [NO_TOOLS],
    grade: ({ situation }) => (situation.packages.standing === 'foreign' ? 'points' : null),
    cause: ({ situation }) =>
      `${kernelName(situation)} is of another distribution than the tools that are asked for, as in a container.`,
    evidence: CONTAINER_LINE,
  },
  {
    code: 'CUSTOM_KERNEL_NO_PACKAGE',
    patterns: [NO_TOOLS],
    grade: ({ situation }) => (situation.packages.custom === null ? null : 'points'),
    cause: ({ situation }) => `No distribution has packages for it: ${situation.packages.custom ?? ''}.`,
  },
  {
    code: 'CUSTOM_KERNEL_NO_PACKAGE',
    patterns: [...MISSING, ...NO_TREE, ...NO_MODULES],
    grade: (match) => gradeCustom(match.situation, [...MISSING, ...NO_TREE].some(match.seen)),
    cause: ({ situation }) =>
      situation.packages.custom === null
        ? `Who packages ${kernelName(situation)} is not known to tapprep; if nobody does, its build tree has to come from whoever built it.`
        : `No distribution has packages for it: ${situation.packages.custom}.`,
  },
  {
    code: 'KERNEL_NOT_LATEST_INSTALLED',
    patterns: [NO_CONFIG, HINT, ...NO_TREE],
    grade: ({ situation }) => {
      const newer = newerKernel(situation);
      if (newer === null) return null;
      return 'points';
    },
    cause: ({ situation }) =>
      `${kernelName(situation)} runs, but the newer ${newerKernel(situation)?.release ?? 'kernel'} is installed and the development package is that one's: a reboot is due.`,
    evidence: ({ situation }) => newerKernel(situation)?.lines ?? [],
  },
  {
    code: 'KERNEL_NOT_LATEST_INSTALLED',
    patterns: NOT_FOUND_PATTERNS,
    // A newer kernel that only waits for its reboot has its packages where those of the old one are gone.
    grade: ({ situation, captures }) =>
      newerKernel(situation) !== null && captures.some(([name = '']) => isOfKernel(name)) ? 'allows' : null,
    cause: ({ situation }) =>
      `${kernelName(situation)} runs, whose packages were asked for in vain, and the newer ${newerKernel(situation)?.release ?? 'kernel'} is installed: after a reboot those of that one are what is needed.`,
    evidence: ({ situation }) => newerKernel(situation)?.lines ?? [],
  },
  {
    code: 'KERNEL_NOT_LATEST_INSTALLED',
    patterns: [NOT_IN],
    grade: ({ situation: { log, release } }) => {
      if (release === null || MADE_ELSEWHERE.test(release) || withModules(log).length === 0) return null;
      return log.container !== null || log.otherTrees.some((tree) => tree.release === release) ? null : 'points';
    },
    cause: ({ situation }) =>
      `${kernelName(situation)} runs and has no modules here any more; ${withModules(situation.log)
        .map(({ release }) => release)
        .join(', ')} have: an update took them away, and a reboot is due.`,
    evidence: ({ situation }) => withModules(situation.log).map(({ line }) => line),
  },
];

/** Kernels whose directories of modules were listed. */
function withModules({ otherTrees }: Match['situation']['log']): Match['situation']['log']['otherTrees'] {
  return otherTrees.filter(({ hasModules }) => hasModules);
}

/** Whether a package is one of a kernel's own. */
function isOfKernel(name: string): boolean {
  const role = readAsked(name)?.role;
  return role !== undefined && role !== 'systemtap';
}

/** The machine itself says so, or what starts the container does: nobody's advice, and no second machine. */
function isDetected({ container }: Match['situation']['log']): boolean {
  if (container === null) return false;
  return (
    DETECTED.test(container.text) ||
    OF_OPENVZ.test(container.text) ||
    OF_GVISOR.test(container.text) ||
    container.text.startsWith('Using Docker executor')
  );
}

/** The log is what a container printed, and not what somebody typed beside one. */
function isPrintedByOne({ container }: Match['situation']['log']): boolean {
  return container !== null && (OF_CONTAINERS.test(container.text) || DOCKER_LINE.test(container.raw));
}

function isGvisor({ container }: Match['situation']['log']): boolean {
  return container !== null && OF_GVISOR.test(container.text);
}

/** A step of an image's recipe that asks for the packages of the kernel that happens to run. */
function isBuiltImage({ container }: Match['situation']['log']): boolean {
  return container !== null && IMAGE_STEP.test(container.text) && container.text.includes('$(uname -r)');
}

/** What failed in a step of a recipe that asks for the kernel of whoever builds the image. */
function isWithinRecipe({ imageStep, recipeAsksUname }: Match['situation']['log'], lines: Match['lines']): boolean {
  return imageStep !== null && recipeAsksUname && (lines[0]?.position ?? 0) > imageStep.position;
}

const MADE_ELSEWHERE = /microsoft|WSL|linuxkit|dockerdesktop|-(?:moby|boot2docker|coreos|flatcar|talos)\b/i;

/** Certain for the kernels whose makers are known, a hint for forms that only look foreign. */
function gradeCustom(situation: Match['situation'], isTreeMissing: boolean): Grade | null {
  const { release, packages, host } = situation;
  if (host?.security.wsl === true || MADE_ELSEWHERE.test(release ?? '')) return 'proves';
  if (release === null || packages.standing === 'packaged' || packages.standing === 'foreign') return null;
  // Its builder has packages of it.
  if (!isTreeMissing || packages.ask !== null || packages.devel.length > 0 || isOnlyCutShort(situation)) return null;
  // What is seen is a missing tree, which its builder may still have; that no package exists comes right behind.
  return 'allows';
}
