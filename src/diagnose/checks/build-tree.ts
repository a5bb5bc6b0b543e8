/** The build tree of the kernel: there, whole, of this version, this build and this variant. */
import type { BuildTreeFacts, HostFacts, InstalledPackage, RpmTarget } from '../../types.ts';
import { advice, type Check, fine, problem, unknown, type Finding, type View } from '../finding.ts';
import { tapprep } from '../../make-remedy.ts';
import { otherDevel, wrongVariantDevel } from '../other-packages.ts';
import { forFamily } from '../../package-system/systems.ts';

/** /lib/modules/R/build and what stap opens there. */
export const checkBuildTree: Check = (view) => {
  const { release } = view.facts.kernel;
  const tree = view.facts.buildTree;
  if (release === null) return [];
  if (tree === null || !tree.exists) return [missingTree(view, release, tree)];
  const lacking = [
    ...(tree.hasConfig ? [] : ['.config']),
    ...(tree.hasModuleSymvers ? [] : ['Module.symvers']),
    ...(tree.hasMakefile ? [] : ['Makefile']),
  ];
  if (lacking.length > 0) {
    const detail = `The build tree ${tree.link} is there but lacks ${lacking.join(', ')}.`;
    const code = view.facts.own?.buildTree == null ? 'DEVEL_INCOMPLETE' : 'KERNEL_TREE_NOT_BUILT';
    return [
      problem(view, 'build tree', code, detail, {
        evidence: lacking.map((name) => `${tree.link}/${name}: absent`),
      }),
    ];
  }
  if (tree.release !== null && tree.release !== release) {
    const detail = `The build tree ${tree.link} is of ${tree.release} but the kernel is ${release}.`;
    return [
      problem(view, 'build tree', 'DEVEL_VERSION_MISMATCH', detail, {
        evidence: [`${tree.link}: release ${tree.release}`, `kernel release: ${release}`],
        ...(view.facts.own?.buildTree == null ? {} : { remedies: [tapprep('doctor', '--kernel', tree.release)] }),
      }),
    ];
  }
  return [fine('build tree', `${tree.link} is whole and of ${release}.`)];
};

function missingTree(view: View, release: string, tree: BuildTreeFacts | null): Finding {
  const link = tree?.link ?? `/lib/modules/${release}/build`;
  const seen = tree?.linksTo == null ? `${link}: absent` : `${link} -> ${tree.linksTo} (absent)`;
  const variant = wrongVariantDevel(view.situation);
  if (variant !== null) {
    const detail = `${variant.name} ${variant.release} is installed, but kernel ${release} is of another variant and has no build tree.`;
    return problem(view, 'build tree', 'WRONG_VARIANT', detail, {
      evidence: [seen, `installed: ${variant.name} ${variant.release}`],
    });
  }
  const other = otherDevel(view.situation);
  if (other !== null) {
    const detail = `The development package of ${other.release} is installed, but kernel ${release} needs its own.`;
    return problem(view, 'build tree', 'DEVEL_VERSION_MISMATCH', detail, {
      evidence: [seen, `installed: ${other.name} ${other.release}`],
    });
  }
  return problem(
    view,
    'build tree',
    'DEVEL_MISSING',
    `Kernel ${release} has no build tree: its kernel-devel or linux-headers package is not installed.`,
    { evidence: [seen] },
  );
}

/** The same release built twice is two kernels. */
export const checkBuild: Check = (view) => {
  const { buildTree: tree, kernel } = view.facts;
  if (tree === null || !tree.exists) return [];
  if (tree.utsVersion !== null && kernel.unameV !== null && tree.utsVersion !== kernel.unameV) {
    const detail = `The build tree was made by "${tree.utsVersion}" but the kernel that runs is "${kernel.unameV}": same release, two builds.`;
    const host = tree.compileHost === null ? [] : [`compile host of the tree: ${tree.compileHost}`];
    return [
      problem(view, 'build', 'DEVEL_VENDOR_MISMATCH', detail, {
        evidence: [`UTS_VERSION: ${tree.utsVersion}`, `uname -v: ${kernel.unameV}`, ...host],
      }),
    ];
  }
  const pair = packagesOfKernel(view);
  if (
    pair !== null &&
    pair.image.vendor !== null &&
    pair.devel.vendor !== null &&
    pair.image.vendor !== pair.devel.vendor
  ) {
    const detail = `${pair.devel.name} is of vendor "${pair.devel.vendor}" but ${pair.image.name} of "${pair.image.vendor}": same version, two builds.`;
    return [
      problem(view, 'build', 'DEVEL_VENDOR_MISMATCH', detail, {
        evidence: [describe(pair.image), describe(pair.devel)],
      }),
    ];
  }
  if (
    pair !== null &&
    pair.image.buildHost !== null &&
    pair.devel.buildHost !== null &&
    pair.image.buildHost !== pair.devel.buildHost
  ) {
    const detail = `${pair.devel.name} was built on ${pair.devel.buildHost} but ${pair.image.name} on ${pair.image.buildHost}.`;
    return [
      advice(view, 'build', 'DEVEL_VENDOR_MISMATCH', detail, {
        evidence: [describe(pair.image), describe(pair.devel)],
        confidence: 'possible',
      }),
    ];
  }
  if (tree.utsVersion !== null && kernel.unameV !== null)
    return [fine('build', 'The build tree is of the same build as the kernel.')];
  if (pair !== null) return [fine('build', `${pair.devel.name} and ${pair.image.name} come from the same build.`)];
  return [unknown('build', 'Nothing tells whether the build tree is of the same build as the kernel.')];
};

function packagesOfKernel({
  facts,
  target,
}: View): { readonly image: InstalledPackage; readonly devel: InstalledPackage } | null {
  return target === null ? null : forFamily(target, { deb: () => null, rpm: (own) => pairOf(facts, own) });
}

function pairOf(facts: HostFacts, target: RpmTarget): ReturnType<typeof packagesOfKernel> {
  const name = `${target.stem}${target.variant === null ? '' : `-${target.variant}`}`;
  const ours = facts.kernelPackages.filter((one) => one.version.replace(/^\d+:/, '') === target.versionRelease);
  const image = ours.find((one) => one.name === `${name}-core`) ?? ours.find((one) => one.name === name);
  const devel = ours.find((one) => one.name === `${name}-devel`);
  return image === undefined || devel === undefined ? null : { image, devel };
}

function describe(one: InstalledPackage): string {
  return `${one.name} ${one.version}: vendor ${one.vendor ?? 'unknown'}, built on ${one.buildHost ?? 'unknown'}`;
}
