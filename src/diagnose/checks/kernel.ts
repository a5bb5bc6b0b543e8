/** Which kernel it is, where it runs, and what it was configured with. */
import { upperFirst } from '../../sentence.ts';
import { hasWholeTree } from '../../detect/own-kernel.ts';
import { advice, type Check, fine, problem, unknown } from '../finding.ts';
import { newerKernel, otherDebuginfo, otherDevel } from '../other-packages.ts';

/** Off means: no module of SystemTap can work. */
const NEEDED = ['CONFIG_MODULES', 'CONFIG_KPROBES', 'CONFIG_RELAY', 'CONFIG_DEBUG_FS', 'CONFIG_KALLSYMS'];
/** Off means: this kind of probe does not work. */
const USEFUL: Readonly<Record<string, string>> = {
  CONFIG_MODULE_UNLOAD: 'removing the module of an ended script',
  CONFIG_TRACEPOINTS: 'kernel.trace probes',
  CONFIG_UPROBES: 'probes in programs',
  CONFIG_PERF_EVENTS: 'perf probes',
};

/** Whether any distribution publishes packages for this kernel. */
export const checkKernel: Check = (view) => {
  const { facts, situation } = view;
  const { release } = facts.kernel;
  if (release === null) return [unknown('kernel', 'No kernel was found, and none was named with --kernel.')];
  const evidence = [`kernel release: ${release}`, `system: ${facts.os.prettyName ?? facts.os.id ?? 'unknown'}`];
  const tree = hasWholeTree(facts) ? (facts.buildTree?.link ?? null) : null;
  if (situation.packages.custom !== null && tree !== null) {
    return [fine('kernel', `${upperFirst(situation.packages.custom)}; its own tree ${tree} stands for them.`)];
  }
  if (situation.packages.custom !== null) {
    const detail = `${upperFirst(situation.packages.custom)}.`;
    return [
      problem(view, 'kernel', 'CUSTOM_KERNEL_NO_PACKAGE', detail, {
        evidence,
      }),
    ];
  }
  if (situation.packages.standing === 'unknown' && tree !== null) {
    return [
      fine('kernel', `Who packages kernel ${release} is not known to tapprep; its own tree ${tree} stands for them.`),
    ];
  }
  if (situation.packages.standing === 'unknown') {
    return [unknown('kernel', `Who packages kernel ${release} is not known to tapprep.`)];
  }
  if (situation.packages.standing === 'foreign') {
    const detail = `Kernel ${release} is not of ${facts.os.prettyName ?? facts.os.id ?? 'this system'}: it is the kernel of a host below it, or was built by hand.`;
    return [problem(view, 'kernel', 'CONTAINER_KERNEL_NOT_IN_IMAGE', detail, { evidence, confidence: 'likely' })];
  }
  return [fine('kernel', `${facts.kernel.running ? 'Running' : 'Looking at'} kernel ${release}.`)];
};

/** Containers and WSL: the kernel belongs to somebody else. */
export const checkContainer: Check = (view) => {
  const { container, wsl } = view.facts.security;
  const release = view.facts.kernel.release ?? 'unknown';
  if (wsl && hasWholeTree(view.facts)) {
    return [fine('machine', `This is WSL, and the tree that kernel ${release} was built from is here.`)];
  }
  if (wsl) {
    const detail = `This is WSL: kernel ${release} is Microsoft's, and modules for it can only be built from its published source.`;
    return [
      problem(view, 'machine', 'CUSTOM_KERNEL_NO_PACKAGE', detail, {
        evidence: [`WSL: yes`, `kernel release: ${release}`],
      }),
    ];
  }
  if (container === null) return [fine('machine', 'Not in a container.')];
  const tree = view.facts.buildTree;
  if (tree?.exists === true && (tree.release === null || tree.release === release)) {
    const detail = `This is a ${container} container that sees the build tree of its host's kernel ${release}; loading a module also takes --privileged.`;
    return [
      advice(view, 'machine', 'CONTAINER_KERNEL_NOT_IN_IMAGE', detail, {
        evidence: [`container: ${container}`, `${tree.link}: present`],
        confidence: 'possible',
      }),
    ];
  }
  const detail = `This is a ${container} container: kernel ${release} is that of its host, where the packages must be installed and the module loaded.`;
  return [
    problem(view, 'machine', 'CONTAINER_KERNEL_NOT_IN_IMAGE', detail, {
      evidence: [`container: ${container}`, `kernel release: ${release}`],
    }),
  ];
};

/** The options that SystemTap needs. */
export const checkConfig: Check = (view) => {
  const { config, configFrom } = view.facts;
  if (configFrom === null) return [unknown('kernel options', 'No configuration of this kernel was found.')];
  const evidenceOf = (names: readonly string[]): readonly string[] =>
    names.map((name) => `${name} is not set in ${configFrom}`);
  const missing = NEEDED.filter((name) => config[name] === 'n');
  const lesser = Object.keys(USEFUL).filter((name) => config[name] === 'n');
  const found = [];
  if (missing.length > 0) {
    const detail = `The kernel was built without ${missing.join(', ')}, and SystemTap needs ${missing.length === 1 ? 'it' : 'them'}.`;
    found.push(problem(view, 'kernel options', 'KERNEL_CONFIG', detail, { evidence: evidenceOf(missing) }));
  }
  if (lesser.length > 0) {
    const detail = `The kernel was built without ${lesser.map((name) => `${name} (for ${USEFUL[name] ?? 'some probes'})`).join(', ')}.`;
    found.push(advice(view, 'kernel options', 'KERNEL_CONFIG', detail, { evidence: evidenceOf(lesser) }));
  }
  return found.length > 0 ? found : [fine('kernel options', `${NEEDED.join(', ')} are on.`)];
};

/** Whether a newer kernel waits for a reboot, and whose packages are installed. */
export const checkNewest: Check = (view) => {
  const { facts, situation } = view;
  const { release } = facts.kernel;
  if (release === null || facts.source !== 'host') return [];
  const newer = newerKernel(situation);
  if (newer === null) return [fine('newest kernel', `No newer kernel than ${release} is installed.`)];
  const packages = otherDevel(situation) ?? otherDebuginfo(situation);
  const evidence = [`running: ${release}`, `installed: ${newer.release}`];
  const detail =
    packages === null
      ? `Kernel ${release} runs and ${newer.release} is installed: after the next reboot SystemTap needs the packages of that one.`
      : `Kernel ${release} runs, but the packages of ${packages.release} are installed: reboot into it, or install those of the running kernel.`;
  return [
    advice(view, 'newest kernel', 'KERNEL_NOT_LATEST_INSTALLED', detail, {
      evidence,
      confidence: packages === null ? 'possible' : 'likely',
    }),
  ];
};
