/** Symbols and debug information of the kernel. */
import type { DebuginfoFacts } from '../../types.ts';
import { advice, type Check, fine, type Finding, problem, unknown, type View } from '../finding.ts';
import { hasWholeTree, ownVmlinux } from '../../detect/own-kernel.ts';
import { tapprep } from '../../make-remedy.ts';
import { otherDebuginfo, wrongVariantDebuginfo } from '../other-packages.ts';

/** System.map, which only symbol probes need. */
export const checkSystemMap: Check = (view) => {
  const map = view.facts.systemMap;
  if (view.facts.kernel.release === null) return [];
  if (map === null) {
    return [
      advice(
        view,
        'System.map',
        'SYSMAP_MISSING',
        'There is no System.map of this kernel; kprobe.function and return probes in programs need one.',
        { evidence: ['System.map: absent'] },
      ),
    ];
  }
  if (!map.stub) return [fine('System.map', `${map.path} is a real one.`)];
  return [
    advice(
      view,
      'System.map',
      'SYSMAP_STUB',
      `${map.path} is a placeholder; kprobe.function and return probes in programs need the real one.`,
      { evidence: [`${map.path}: placeholder`] },
    ),
  ];
};

/** A vmlinux with DWARF whose build-id is the kernel's. */
export const checkDebuginfo: Check = (view) => {
  const { facts } = view;
  const { release, buildId } = facts.kernel;
  if (release === null) return [];
  // Where a vmlinux was named, or a tree that holds its own, no other counts.
  const named = ownVmlinux(facts.own);
  const files = named === null ? facts.debuginfo : facts.debuginfo.filter(({ path }) => path === named);
  if (files.length === 0) return [noDebuginfo(view, release)];
  const right = files.find((one) => one.buildId !== null && one.buildId === buildId && one.hasDwarf !== false);
  if (right !== undefined)
    return [fine('debug information', `${right.path} has the build-id of the kernel, ${right.buildId ?? ''}.`)];
  const other = files.find((one) => one.buildId !== null && buildId !== null && one.buildId !== buildId);
  // The headers of Debian 13 bring a vmlinux with BTF alone, beside which the debug package's own counts.
  const [stripped] = files.every((one) => one.hasDwarf === false) ? files : [];
  if (other !== undefined && other.hasDwarf !== false) {
    const detail = `${other.path} has build-id ${other.buildId ?? ''} but the kernel has ${buildId ?? ''}: it is of another build.`;
    return [
      problem(view, 'debug information', 'DEBUGINFO_VERSION_MISMATCH', detail, {
        evidence: [describe(other), `kernel build-id: ${buildId ?? 'unknown'}`],
      }),
    ];
  }
  if (stripped !== undefined) {
    const detail = `${stripped.path} holds no DWARF: it is stripped, or its debug information is kept elsewhere.`;
    return [problem(view, 'debug information', 'DEBUGINFO_UNUSABLE', detail, { evidence: files.map(describe) })];
  }
  return [
    unknown(
      'debug information',
      `${(files.find((one) => one.hasDwarf === true) ?? files[0])?.path ?? ''} is there, but its build-id cannot be compared with the kernel's.`,
    ),
  ];
};

function noDebuginfo(view: View, release: string): Finding {
  const seen = `/usr/lib/debug/lib/modules/${release}/vmlinux: absent`;
  const variant = wrongVariantDebuginfo(view.situation);
  if (variant !== null) {
    const detail = `${variant.name} ${variant.release} is installed, but kernel ${release} is of another variant.`;
    return problem(view, 'debug information', 'WRONG_VARIANT', detail, {
      evidence: [seen, `installed: ${variant.name} ${variant.release}`],
    });
  }
  const other = otherDebuginfo(view.situation);
  if (other !== null) {
    const detail = `The debug information of ${other.release} is installed, but kernel ${release} needs its own.`;
    return problem(view, 'debug information', 'DEBUGINFO_VERSION_MISMATCH', detail, {
      evidence: [seen, `installed: ${other.name} ${other.release}`],
    });
  }
  if (view.facts.own !== undefined || (view.situation.packages.custom !== null && hasWholeTree(view.facts))) {
    const detail = `Kernel ${release} has no debug information: hello world, timers and tracepoints do without it, kernel.function probes need the vmlinux of this very build.`;
    return advice(view, 'debug information', 'DEBUGINFO_MISSING', detail, {
      evidence: [`${ownVmlinux(view.facts.own) ?? `${view.facts.buildTree?.link ?? ''}/vmlinux`}: absent`],
      remedies: [tapprep('verify', '--vmlinux', 'FILE', '--level', 'probe')],
    });
  }
  const detail = `Kernel ${release} has no debug information: probes on kernel functions and their variables need it, begin and timer probes do not.`;
  // Hello world ran without it: whoever left it out may want no more.
  if (view.facts.systemtap?.hello === 'pass') {
    return advice(view, 'debug information', 'DEBUGINFO_MISSING', detail, { evidence: [seen] });
  }
  return problem(view, 'debug information', 'DEBUGINFO_MISSING', detail, { evidence: [seen] });
}

function describe(one: DebuginfoFacts): string {
  const dwarf = one.hasDwarf === null ? 'DWARF unknown' : one.hasDwarf ? 'with DWARF' : 'without DWARF';
  return `${one.path}: build-id ${one.buildId ?? 'unknown'}, ${dwarf}`;
}
