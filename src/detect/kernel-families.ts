/**
 * Which kernel releases there are and what their packages are called: all that tapprep knows of it, one row a family.
 *
 * An rpm row reads: on a distribution whose os-release ID is in `on`, a release `V-R` whose R is made of `parts` and
 * ends in `tag`, with what `end` says behind it, belongs to this family. In its package names
 *   {stem} is the row's stem, or STEM-rt when R has an rtN part (the real-time kernel as a source package of its own),
 *   {name} is {stem} with the variant behind it, {suffix} what stands there,
 *   {arch} is the package architecture, {series} the first two numbers of V,
 *   {source} is the suffix of the flavour's source package where it has its own ("-azure"), else nothing, and {tree} what
 *   SUSE_TREES has of the release,
 *   {vr} is V-R and {tag} its last word; ".noarch" at the end makes a package without architecture, "=" goes before the
 *   version of one whose version is not V-R, and "|" between names of which one exists.
 * "Unverified" marks names that follow from the family's source but were seen in no public index.
 * Rows do not overlap, so their order says nothing; one that has no tag of its own says `onlyOn` and holds only there.
 */
import { ARCHES, MAINLINE_ABI } from './release-words.ts';
import type { DebKernelFamily, RpmKernelFamily, RpmTarget } from '../types.ts';

interface Family {
  /** For people: whose kernel it is. */
  readonly title: string;
  /** os-release IDs of the distributions that publish it. */
  readonly on: readonly string[];
  /** The form is too common to tell the distribution by. */
  readonly onlyOn?: true;
  /** Releases that a system of dpkg has of its own, so that there they are not this row's. */
  readonly notOnDpkg?: RegExp;
}

export interface RpmFamily extends Family {
  /** What V-R starts with, where only some versions belong to the row. */
  readonly only?: RegExp;
  /** What V is, where it is more than numbers. */
  readonly version?: string;
  /** What the packages' V-R leaves out of the release or writes another way, as replace() takes it. */
  readonly packaged?: readonly (readonly [RegExp, string])[];
  readonly parts: readonly Part[];
  readonly tag: string;
  readonly end: End;
  readonly variants: readonly string[];
  /** What a variant adds to the stem, where it is not "-VARIANT". */
  readonly suffixes?: Readonly<Record<string, string>>;
  /** Variants that load no modules and have no devel package. */
  readonly bare?: readonly string[];
  readonly stem: string;
  /** Stems of some of its releases: of the first form that fits, $1 being what it caught. */
  readonly stems?: readonly (readonly [RegExp, string])[];
  /** A sister package that the release cannot be told from: one of the two exists. */
  readonly orStem?: string;
  /**
   * Kernels beside the row's own that have the same release, each with the releases and the package architectures that
   * it is built for. All of them may exist, so that only the installed image tells which one runs.
   */
  readonly twins?: readonly (readonly [stem: string, releases: RegExp, arches: readonly string[]])[];
  readonly devel: readonly string[];
  readonly debuginfo: readonly string[];
  /** Releases of which nobody has seen that debug packages are published: their names are a guess. */
  readonly debuginfoUnseen?: RegExp;
  /** What V-R.ARCH looks like where the names are a guess: nobody has seen such packages, or anybody builds them. */
  readonly guessed?: RegExp;
  /** Releases whose packages for 32-bit x86 are of i586; of i686 otherwise. */
  readonly i586?: RegExp;
  /** Packages for ppc64 are of ppc. */
  readonly ppc?: true;
  /** Releases to whose version the index adds a rebuild counter. */
  readonly counter?: RegExp;
  /** What of V-R stands behind that counter, where it is not the end. */
  readonly behindCounter?: RegExp;
  /** Another way in which packages have written V-R, as replace() takes it. */
  readonly orPackaged?: readonly [RegExp, string];
}

/** What may stand in R before the tag, separated by dots. */
export const PARTS = {
  number: String.raw`\d+`,
  // 4.14.35-1910a.el7uek
  lettered: String.raw`\d+[a-z]`,
  rc: String.raw`rc\d+`,
  rt: String.raw`rt\d+`,
  // 20200918git5d947f3e9a91, of Fedora since 2025 250509g9c69f8884904
  git: String.raw`(?:\d{8})?git[0-9a-f]*|\d{6}g[0-9a-f]+`,
  port: 'riscv64',
  hash: String.raw`[0-9a-f]{7,12}`,
  kylin: String.raw`[avp]\d+`,
  update: String.raw`up\d+`,
  huawei: String.raw`(?:h|vhulk)\d+`,
} as const;
type Part = keyof typeof PARTS;

/**
 * What stands behind R in `uname -r`: architecture and variant, joined by "." (to RHEL 7, Fedora 17, Amazon 2) or "+"
 * (since); only the variant, glued to the tag (RHEL 5); a flavour that is always there; one that may be; nothing.
 */
export type End = '.arch+variant' | 'variant' | '-flavour' | '[-flavour]' | '';

/** Red Hat Enterprise Linux and what is rebuilt from it. */
const EL = words('rhel centos rocky almalinux ol scientific rhcos');
const SUSE = words(
  'sles sled sles_sap sle_hpc sle-micro sle-micro-rancher sl-micro suse suse-microos opensuse opensuse-leap opensuse-leap-micro ' +
    'opensuse-tumbleweed opensuse-microos opensuse-slowroll',
);

const EL_VARIANTS = words('debug rt rt-debug rt-64k rt-64k-debug 64k 64k-debug zfcpdump kdump trace vanilla');
/** Variants that are built for some architectures, or of some releases, alone; every row that fits has to be kept. */
export const VARIANT_LIMITS: readonly {
  readonly variant: RegExp;
  readonly arches?: readonly string[];
  /** Of V-R. */
  readonly releases?: RegExp;
}[] = [
  { variant: /(?:16|64)k/, arches: ['aarch64'] },
  { variant: /^zfcpdump$/, arches: ['s390x'] },
  { variant: /^kdump$/, arches: ['s390x', 'ppc64'] },
  // Kernels of larger pages came with RHEL 9, where rt became a variant of the kernel itself before 9.3.
  { variant: /64k/, releases: /^(?:5\.1[4-9]|[6-9]|\d\d)\./ },
  { variant: /^rt(?:-|$)/, releases: /^(?:5\.14\.0-(?:28[4-9]|29\d|[3-9]\d\d|\d{4})\.|(?:5\.1[5-9]|[6-9]|\d\d)\.)/ },
  // Amazon Linux builds none since 2022.
  { variant: /^debug$/, releases: /^(?!.*\.amzn202\d)/ },
];
const FEDORA_VARIANTS = words(
  'debug PAE PAEdebug smp lpae tegra omap imx highbank kirkwood rt rt-debug 16k 16k-debug 64k 64k-debug zfcpdump',
);
const SUSE_FLAVOURS = words(
  'default azure rt rt_debug rt_trace kvmsmall preempt 64kb vanilla debug pae xen xenpae trace desktop ec2 smp bigsmp ' +
    'ppc64 iseries64 bigmem s390 kdump lpae zfcpdump longterm coco coco_debug vmi pv',
);
/** SUSE flavours whose kernel-devel comes from another source package than kernel-source. */
export const SUSE_SOURCES: Readonly<Record<string, string>> = {
  azure: '-azure',
  rt: '-rt',
  rt_debug: '-rt',
  rt_trace: '-rt',
  longterm: '-longterm',
  coco: '-coco',
  coco_debug: '-coco',
};
/**
 * The package that a flavour's devel package takes the source tree from, by the whole release: the first that fits. Since
 * 160000 (SUSE Linux 16, SL Micro 6.2) azure and rt are of kernel-source themselves; that of rt was seen in no index, only in
 * lib/kernel.pm of os-autoinst-distri-opensuse.
 */
export const SUSE_TREES: readonly (readonly [form: RegExp, template: string])[] = [
  [/-vanilla$/, 'kernel-source-vanilla.noarch'],
  [/-1[6-9]\d{4}\..*-azure$/, 'kernel-devel.noarch'],
  [/-1[6-9]\d{4}\..*-rt(?:_debug)?$/, 'kernel-devel.noarch|kernel-devel-rt.noarch'],
  [/^/, 'kernel-devel{source}.noarch'],
];
/** UEK's kernels of larger pages add a word without a hyphen: kernel-uek64k, kernel-uek64kdebug. */
const UEK_64K = { '64k': '64k', '64kdebug': '64kdebug' };
/** A rebuild of an older branch counts behind the tag. */
const BUMP = String.raw`(?:\.\d+)*`;
/**
 * 24.53.4, 150500.55.31, lp151.28.25, 15061.18.coco15sp6, 1: what SUSE calls the source release. That of a fix for one
 * customer is the whole release of its packages: 150500.55.39.1.27360.1.PTF.1215587.
 */
const SUSE_R = String.raw`(?:lp\d+\.)?\d+(?:\.\d+)*(?:\.coco\d+sp\d+|\.PTF\.\d+)?`;
const SUSE_COUNTED = /^(?!.*\.PTF\.)/;
/** 2.6.24-28-xen, 2.6.31-10-rt: old kernels of Debian and Ubuntu, whose flavours SUSE has, too. */
const OLD_DEB = /^2\.6\.\d+-\d+-/;
/** 5.10.118-rt67: the patch set of the real-time kernel stands behind V. */
const V_RT = String.raw`\d+(?:\.\d+)+(?:-rt\d+)?`;

/**
 * V-R.ARCH of the kernels that are built under the bare tags of Red Hat's releases by those who publish there. The tag is
 * anybody's who builds on such a system, and what he builds may have other names: kernel-ml 6.9.10-1.el7, kernel-longterm
 * 5.15.124-200.el9.
 */
const EL_BUILDS = [
  String.raw`.*\.el(?:6rt|7a)`,
  String.raw`2\.6\.32-.*\.el6`,
  String.raw`3\.10\.0-.*\.rt\d+\..*\.el6`,
  String.raw`3\.10\.0-.*\.el7`,
  // CentOS's Xen: 3.18.44-20.el6, 4.9.241-37.el7
  String.raw`(?:3\.18|4\.9)\.\d+-[1-9]\d+\.el[67]`,
  // What it has below altarch/7/kernel: 4.14.119-200.el7, 4.19.113-300.el7, 5.4.225-200.el7, for armv7hl as well
  String.raw`(?:4\.14|4\.19|5\.4)\.\d+-[23]00\.el7\.`,
  // Its other architectures: 4.2.0-0.26.el7.1.aarch64, 4.18.0-348.20.1.el7.aarch64
  String.raw`4\.\d+\.0-.*\.el7[\d.]*\.(?!x86_64|i686)`,
  String.raw`4\.18\.0-.*\.el8`,
  // What CentOS Stream had before: 5.13.0-0.rc3.25.el9, 6.11.0-0.rc5.23.el10
  String.raw`5\.1[0-4]\.0-.*\.el9`,
  String.raw`6\.(?:\d|1[0-2])\.0-.*\.el10`,
];

const DEVEL = ['{name}-devel'];
/** The common package has the architecture in its name (RHEL 6 and later). */
const COMMON_ARCH = ['{name}-debuginfo', '{stem}-debuginfo-common-{arch}'];
/** It has not (RHEL 5, UEK). */
const COMMON = ['{name}-debuginfo', '{stem}-debuginfo-common'];
/** There is none; the sources are a package (openEuler and what is built from it). */
const DEBUGSOURCE = ['{name}-debuginfo', '{stem}-debugsource'];
const SUSE_DEBUG = ['{name}-debuginfo', '{name}-debugsource'];

// oxfmt-ignore
export const RPM_FAMILIES: Readonly<Record<Exclude<RpmKernelFamily, 'rpm'>, RpmFamily>> = {
  // 2.6.32-642.el6.x86_64  3.10.0-693.rt56.617.el7.x86_64  4.14.0-115.el7a.aarch64  5.14.0-427.24.1.el9_4.x86_64+rt
  // 6.12.0-55.43.1.el10_0.x86_64_v2. Oracle's own builds insert .0.N; CentOS's Xen kernel differs by its version only.
  el: { title: 'Red Hat Enterprise Linux and its rebuilds', on: EL, only: /^(?!2\.6\.32-100\.)/,
    parts: ['number', 'rc', 'rt'], tag: String.raw`el(?:6rt|7a|(?:[6-9]|1\d)(?:_\d+)?)${BUMP}`, end: '.arch+variant', variants: EL_VARIANTS,
    guessed: new RegExp(`^(?!${EL_BUILDS.join('|')})`),
    stem: 'kernel', devel: DEVEL, debuginfo: COMMON_ARCH },
  // 2.6.18-308.el5  2.6.18-417.el5PAE  2.6.18-348.12.1.el5xen  2.6.18-164.15.1.el5.centos.plusxen
  el5: { title: 'Red Hat Enterprise Linux 5 and its rebuilds', on: EL, only: /^(?!2\.6\.32-100\.)/,
    parts: ['number'], tag: String.raw`el5${BUMP}(?:\.centos\.plus)?`, end: 'variant', variants: words('PAE xen debug kdump'),
    guessed: /^(?!2\.6\.18-)/, stem: 'kernel', devel: DEVEL, debuginfo: COMMON },
  // 2.6.9-89.0.25.ELsmp  2.6.9-89.ELhugemem: one kernel-debuginfo for all variants
  el4: { title: 'Red Hat Enterprise Linux 4 and its rebuilds', on: EL, only: /^2\.6\.9-/,
    parts: ['number'], tag: 'EL', end: 'variant', variants: words('smp hugemem largesmp xenU'),
    stem: 'kernel', devel: DEVEL, debuginfo: ['{stem}-debuginfo'] },
  // 2.6.33.7-rt29.45.el5rt  2.6.24.7-149.el5rt: of Red Hat's real-time kernel for 5
  el5rt: { title: 'Red Hat Enterprise MRG on 5', on: EL,
    parts: ['number'], tag: String.raw`(?:rt\d+(?:\.\d+)*\.)?el5rt`, end: 'variant', variants: words('debug trace vanilla'),
    stem: 'kernel-rt', devel: DEVEL, debuginfo: COMMON },
  // 2.6.32-042stab129.1
  openvz: { title: 'OpenVZ', on: EL,
    parts: ['number'], tag: String.raw`\d+stab\d+(?:\.\d+)*`, end: '', variants: [],
    stem: 'vzkernel', devel: DEVEL, debuginfo: ['{name}-debuginfo'], debuginfoUnseen: /^/ },
  // 2.6.18-308.el5.028stab099.3  2.6.18-92.1.18.el5.028stab060.2PAE
  openvz5: { title: 'OpenVZ on 5', on: EL,
    parts: ['number'], tag: String.raw`el5\.\d+stab\d+(?:\.\d+)*`, end: 'variant', variants: ['PAE'],
    stem: 'ovzkernel', devel: DEVEL, debuginfo: ['{name}-debuginfo'], debuginfoUnseen: /^/ },
  // 5.4.60-v8.1.el8  6.1.31-v8.1.el9.altarch  6.12.96-20260724.v8.1.el10: for the Raspberry Pi
  'el-raspi': { title: 'the Raspberry Pi kernel of CentOS, Rocky Linux and AlmaLinux', on: EL,
    parts: ['number'], tag: String.raw`v[78]l?\.\d+\.el\d+(?:\.altarch)?`, end: '', variants: [],
    stem: 'raspberrypi2-kernel4', devel: DEVEL, debuginfo: ['{name}-debuginfo'], debuginfoUnseen: /^/ },
  // 3.10.0-1160.el7.centos.plus.x86_64  3.10.0-862.11.6.el7.centos.plus.1.x86_64; on 32-bit x86 it is the only kernel, and "kernel"
  centosplus: { title: 'CentOS Plus', on: ['centos'],
    parts: ['number'], tag: String.raw`el[78](?:_\d+)?\.centos\.plus${BUMP}`, end: '.arch+variant', variants: EL_VARIANTS,
    stem: 'kernel-plus', stems: [[/\.i686(?:$|\.)/, 'kernel']], devel: DEVEL, debuginfo: COMMON_ARCH },
  // 2.6.32-573.1.1.el6.centos.plus.x86_64; Xen4CentOS 3.10.20-11.el6.centos.alt.x86_64
  centosplus6: { title: 'CentOS 6 Plus and Xen4CentOS', on: ['centos'],
    parts: ['number'], tag: String.raw`el6\.centos\.(?:plus|alt)`, end: '.arch+variant', variants: EL_VARIANTS,
    stem: 'kernel', devel: DEVEL, debuginfo: COMMON_ARCH },
  // 4.4.268-1.el7.elrepo.x86_64; no debuginfo is published
  elrepo: { title: 'ELRepo', on: EL,
    parts: ['number', 'rc'], tag: String.raw`el\d+(?:_\d+)?\.elrepo`, end: '.arch+variant', variants: ['PAE', 'NONPAE'],
    stem: 'kernel-ml', orStem: 'kernel-lt', stems: [[/^(?:3\.0|3\.2|3\.10|4\.4|5\.4|5\.15|6\.1|6\.6|6\.12)\./, 'kernel-lt']], devel: DEVEL, debuginfo: [] },
  // 4.14.35-2047.528.2.1.el7uek.x86_64  5.15.0-200.131.27.el9uek.aarch64.64k (the debuginfo of 64k: unverified)
  uek: { title: 'Oracle UEK', on: ['ol'], only: /^(?!6\.8\.)/,
    parts: ['number', 'lettered'], tag: String.raw`el(?:[6-9]|1\d)uek`, end: '.arch+variant', variants: words('debug 64k 64kdebug'), suffixes: UEK_64K,
    stem: 'kernel-uek', devel: DEVEL, debuginfo: COMMON, debuginfoUnseen: /64k/ },
  // 6.11.0-0.el9ueknext.x86_64; the first was 6.8.0-2.el9uek.x86_64
  ueknext: { title: 'Oracle UEK-next', on: ['ol'], only: /^6\.8\.|next$/,
    parts: ['number', 'rc'], tag: String.raw`el\d+uek(?:next)?`, end: '.arch+variant', variants: words('debug 64k 64kdebug'), suffixes: UEK_64K,
    stem: 'kernel-ueknext', devel: DEVEL, debuginfo: COMMON, debuginfoUnseen: /64k/ },
  // 2.6.32-100.28.5.el6.x86_64: the first UEK, tagged like its RHEL
  uek1: { title: 'Oracle UEK', on: ['ol'], only: /^2\.6\.32-100\./,
    parts: ['number'], tag: 'el6', end: '.arch+variant', variants: ['debug'],
    stem: 'kernel-uek', devel: DEVEL, debuginfo: COMMON },
  // 2.6.32-400.21.1.el5uek; the first was 2.6.32-100.28.15.el5
  uek5: { title: 'Oracle UEK on Oracle Linux 5', on: ['ol'], only: /^2\.6\.32-100\.|uek$/,
    parts: ['number'], tag: 'el5(?:uek)?', end: 'variant', variants: ['debug'],
    stem: 'kernel-uek', devel: DEVEL, debuginfo: COMMON },
  // 2.6.20-1.2320.fc5smp  2.6.15-1.2054_FC5  2.6.16-1.2096_FC4: one kernel-debuginfo for all variants
  fedora5: { title: 'Fedora Core 4 and 5', on: ['fedora'],
    parts: ['number'], tag: String.raw`(?:\d+_FC[45]|fc5)`, end: 'variant', variants: words('smp kdump xen xen0 xenU'),
    stem: 'kernel', devel: DEVEL, debuginfo: ['{stem}-debuginfo'] },
  // 2.6.23.14-107.fc8PAE  2.6.19-1.2911.fc6xen
  fedora6: { title: 'Fedora 6 to 8', on: ['fedora'],
    parts: ['number', 'rc', 'git'], tag: 'fc[678]', end: 'variant', variants: words('PAE PAE-debug debug xen kdump'),
    stem: 'kernel', devel: DEVEL, debuginfo: COMMON },
  // 2.6.27.5-117.fc10.i686.PAE  2.6.29.5-191.fc11.x86_64: the architecture came into the common package with 2.6.30
  fedora9: { title: 'Fedora 9 to 11', on: ['fedora'], only: /^2\.6\.2\d\b/,
    parts: ['number', 'rc', 'git'], tag: 'fc(?:9|1[01])', end: '.arch+variant', variants: FEDORA_VARIANTS,
    stem: 'kernel', devel: DEVEL, debuginfo: COMMON },
  // 2.6.33.4-95.fc13.i686.PAE  3.8.8-202.fc18.ppc64p7  5.9.0-0.rc6.20200918git5d947f3e9a91.16.fc34.x86_64  6.8.8-200.fc39.aarch64+16k
  // 6.16.4-200.0.riscv64.fc42.riscv64. Fedora goes on to the next series of Linux when one ends, the latest at 3.14.27: what
  // is later in its series is of somebody who keeps one (kernel-longterm of a COPR)
  fedora: { title: 'Fedora', on: ['fedora'], only: /^(?!2\.6\.2\d\b)/,
    parts: ['number', 'rc', 'git', 'port'], tag: String.raw`fc(?:1[1-9]|[2-9]\d)${BUMP}`, end: '.arch+variant', variants: FEDORA_VARIANTS,
    guessed: /^(?!2\.)\d+\.\d+\.(?:[3-9]\d|\d{3})-/, stem: 'kernel', devel: DEVEL, debuginfo: COMMON_ARCH },
  // 4.14.138-89.102.amzn1.x86_64  5.10.35-31.135.amzn2.x86_64  6.1.102-108.177.amzn2023.x86_64
  amazon: { title: 'Amazon Linux', on: ['amzn'], only: /^(?:[2-5]\.|6\.[01]\.)/,
    parts: ['number', 'rc'], tag: 'amzn(?:[12]|2022|2023)', end: '.arch+variant', variants: ['debug'],
    stem: 'kernel', devel: DEVEL, debuginfo: COMMON_ARCH },
  // 6.12.46-66.121.amzn2023.x86_64; of 6.12.23 the devel package was still called kernel-devel
  'amazon-namespaced': { title: 'Amazon Linux 2023', on: ['amzn'], only: /^(?:6\.[2-9]|6\.\d\d|[7-9]\.)/,
    parts: ['number', 'rc'], tag: 'amzn2023', end: '.arch+variant', variants: [],
    stem: 'kernel{series}', devel: ['{name}-devel|kernel{suffix}-devel'], debuginfo: COMMON_ARCH },
  // 4.12.14-lp151.28.25-default  5.14.21-150500.55.31-azure  6.4.6-1-default; since openSUSE 12.2 only the default flavour is built for i586
  // 5.15.0-1057-azure is Ubuntu's
  suse: { title: 'SUSE and openSUSE', on: SUSE, only: /^(?!\d+\.\d+\.0-[12]\d{3}$)(?:2\.6\.3[4-9]|3\.[1-9]|[4-9]\.)/,
    parts: [], tag: SUSE_R, end: '-flavour', variants: SUSE_FLAVOURS, counter: SUSE_COUNTED, i586: /^(?:2\.|3\.[0-3]\.)|-default$/,
    bare: ['zfcpdump'],
    stem: 'kernel', devel: ['{name}-devel', '{tree}'], debuginfo: SUSE_DEBUG },
  // 6.9.1-1.g492f944-default  6.13.0-rc1-1.g492f944-debug: of openSUSE's repositories that follow the sources, whose packages
  // are 6.9.1-1.N.g492f944 and 6.13~rc1-1.N.g492f944, once 5.10.rc1-1.N.g492f944
  'suse-head': { title: "openSUSE's repositories of the newest kernels", on: SUSE.filter((id) => id.startsWith('opensuse')), only: /^[5-9]\./,
    version: String.raw`\d+(?:\.\d+)+(?:-rc\d+)?`, packaged: [[/(?:\.0)?-(?=rc\d)/, '~']], parts: [], tag: String.raw`${SUSE_R}\.g[0-9a-f]{7,12}`,
    end: '-flavour', variants: SUSE_FLAVOURS, counter: SUSE_COUNTED, behindCounter: /\.g[0-9a-f]+$/, orPackaged: [/~(?=rc\d)/, '.'], i586: /-default$/, bare: ['zfcpdump'],
    stem: 'kernel', devel: ['{name}-devel', '{tree}'], debuginfo: SUSE_DEBUG },
  // 2.6.32.59-0.7-default  3.0.101-108.57-default  3.0.101-rt130-0.24-rt: before kernel-devel was split off
  suse11: { title: 'SUSE Linux Enterprise 11 and openSUSE 11.2', on: SUSE, notOnDpkg: OLD_DEB, only: /^(?:2\.6\.3[0-3]|3\.0\.)/,
    version: V_RT, packaged: [[/-(?=rt\d)/, '.']], parts: [], tag: SUSE_R, end: '-flavour', variants: SUSE_FLAVOURS, counter: SUSE_COUNTED, i586: /^/,
    stem: 'kernel', devel: ['{name}-devel', 'kernel-source{source}'], debuginfo: SUSE_DEBUG },
  // 2.6.27.56-0.1-default: before kernel-FLAVOUR-devel was split off
  suse111: { title: 'openSUSE 11.1', on: SUSE, notOnDpkg: OLD_DEB, only: /^2\.6\.2[7-9]/,
    parts: [], tag: SUSE_R, end: '-flavour', variants: SUSE_FLAVOURS, counter: SUSE_COUNTED, i586: /^/,
    stem: 'kernel', devel: ['kernel-source', 'kernel-syms'], debuginfo: SUSE_DEBUG },
  // 2.6.25.16-0.1-default: the whole release is in uname -r (debuginfo: unverified; of ppc64 that all packages are of ppc)
  suse10: { title: 'SUSE and openSUSE up to 11.0', on: SUSE, notOnDpkg: OLD_DEB, only: /^2\.6\.(?:[4-9]|1\d|2[0-6])[.-]/,
    parts: [], tag: SUSE_R, end: '-flavour', variants: SUSE_FLAVOURS, i586: /^/, ppc: true, guessed: /\.ppc$/,
    stem: 'kernel', devel: ['kernel-source', 'kernel-syms'], debuginfo: ['{name}-debuginfo'], debuginfoUnseen: /^/ },
  // 4.4.221-2.ph1
  photon1: { title: 'Photon OS 1', on: ['photon'],
    parts: ['number'], tag: 'ph1', end: '', variants: [],
    stem: 'linux', devel: ['linux-dev'], debuginfo: ['{name}-debuginfo'] },
  // 4.4.221-3.ph1-esx
  'photon1-esx': { title: 'Photon OS 1', on: ['photon'],
    parts: ['number'], tag: 'ph1', end: '-flavour', variants: ['esx'],
    stem: 'linux', devel: DEVEL, debuginfo: ['{name}-debuginfo'] },
  // 4.19.283-3.ph3  6.1.111-3.ph5-esx  5.10.118-rt67-3.ph4-rt
  photon: { title: 'Photon OS', on: ['photon'], only: /(?!ph1)ph\d$/,
    version: V_RT, packaged: [[/-rt\d+(?=-)/, '']],
    parts: ['number'], tag: String.raw`ph\d`, end: '[-flavour]', variants: words('aws esx rt secure'),
    stem: 'linux', devel: DEVEL, debuginfo: ['{name}-debuginfo'] },
  // 5.15.138.1-1.cm2  6.6.57.1-2.azl3  5.15.55.1-rt48-3.cm2; of Azure Linux 3 what is newer than 6.6 is kernel-hwe. The twins
  // by SPECS/kernel-azure, kernel-hci, kernel-ipe and kernel-64k, whose uname_r is V-R as well
  azurelinux: { title: 'Azure Linux and CBL-Mariner', on: ['azurelinux', 'mariner'],
    version: V_RT, packaged: [[/-rt\d+(?=-)/, '']],
    parts: ['number'], tag: String.raw`(?:cm|azl)\d`, end: '', variants: [],
    stem: 'kernel', stems: [[/-rt\d/, 'kernel-rt'], [/^(?:6\.(?:[7-9]|\d\d)|[7-9])\..*azl3$/, 'kernel-hwe']],
    twins: [
      ['kernel-azure', /cm2$/, ['x86_64', 'aarch64']], ['kernel-hci', /cm2$/, ['x86_64']],
      ['kernel-ipe', /azl3$/, ['x86_64', 'aarch64']], ['kernel-64k', /azl3$/, ['aarch64']],
    ],
    devel: DEVEL, debuginfo: ['{name}-debuginfo'] },
  // 6.6.96.mshv1-3.azl3 of a host, 6.1.0.mshv16-2.azl3 of its guests
  'azurelinux-mshv': { title: "Azure Linux's kernels for Hyper-V", on: ['azurelinux', 'mariner'],
    version: String.raw`\d+(?:\.\d+)+\.mshv\d+`,
    parts: ['number'], tag: String.raw`(?:cm|azl)\d`, end: '', variants: [],
    stem: 'kernel-mshv', orStem: 'kernel-uvm', stems: [[/^6\.1\.0\./, 'kernel-uvm']], devel: DEVEL, debuginfo: ['{name}-debuginfo'] },
  // 6.6.77-1.qubes.fc37.x86_64  6.13.6-1.qubes.fc37.x86_64 (debuginfo: not seen)
  qubes: { title: 'Qubes OS', on: ['qubes'],
    parts: ['number', 'rc'], tag: String.raw`qubes\.fc\d+`, end: '.arch+variant', variants: [],
    stem: 'kernel', orStem: 'kernel-latest', stems: [[/^(?!(?:4\.19|5\.4|5\.10|5\.15|6\.1|6\.6|6\.12)\.)/, 'kernel-latest']],
    devel: DEVEL, debuginfo: [] },
  // 4.19.90-2003.4.0.0036.oe1.x86_64  5.10.0-136.65.0.145.oe2203sp1.aarch64  6.6.0-27.0.0.rt30.4.oe2203sp4.aarch64
  openeuler: { title: 'openEuler', on: ['openeuler'],
    parts: ['number', 'rt'], tag: String.raw`oe\d+(?:sp\d+)?`, end: '.arch+variant', variants: EL_VARIANTS,
    stem: 'kernel', devel: DEVEL, debuginfo: DEBUGSOURCE },
  // 4.19.90-2102.2.0.0068.ctl2.x86_64, built from openEuler
  ctyunos: { title: 'CTyunOS', on: ['ctyunos'],
    parts: ['number', 'rt'], tag: String.raw`ctl\d+`, end: '.arch+variant', variants: EL_VARIANTS,
    stem: 'kernel', devel: DEVEL, debuginfo: DEBUGSOURCE },
  // 5.10.0-60.18.0.50.r509_2.hce2.x86_64, built from openEuler (debuginfo: unverified)
  hce: { title: 'Huawei Cloud EulerOS', on: ['hce'],
    parts: ['number'], tag: String.raw`(?:r\d+_\d+\.)?hce\d+`, end: '.arch+variant', variants: EL_VARIANTS,
    stem: 'kernel', devel: DEVEL, debuginfo: DEBUGSOURCE, debuginfoUnseen: /^/ },
  // 6.6.0-26.0.0.4.oe2203sp4.raspi.aarch64, since 6.6.0-102 with -v8 or -2712 behind it; it has no debuginfo
  'openeuler-raspi': { title: 'openEuler on the Raspberry Pi', on: ['openeuler'], packaged: [[/\.raspi\.aarch64$/, '']],
    parts: ['number'], tag: String.raw`(?:oe\d+(?:sp\d+)?\.)?raspi\.(?<arch>aarch64)`, end: '[-flavour]', variants: ['v8', '2712'], suffixes: { v8: '', '2712': '' },
    stem: 'raspberrypi-kernel', devel: DEVEL, debuginfo: [] },
  // 6.6.47-12.oc9.x86_64  6.6.98-40.6.tl4.x86_64
  opencloudos: { title: 'OpenCloudOS and TencentOS', on: ['opencloudos', 'tencentos'], only: /^(?:[6-9]|\d\d)\./,
    parts: ['number', 'rc', 'git'], tag: String.raw`(?:oc|tl)\d+`, end: '.arch+variant', variants: ['debug'],
    stem: 'kernel', devel: DEVEL, debuginfo: ['{name}-debuginfo', '{name}-debuginfo-common'], debuginfoUnseen: /^/ },
  // 5.4.119-1.0007.tlinux4, older 5.4.119-1-tlinux4-0009; a tag of the system may follow in the index (debuginfo: not seen)
  tlinux: { title: 'TencentOS 2 and 3', on: ['tencentos'], packaged: [[/\.tlinux\d$/, ''], [/-tlinux\d-/, '.']],
    parts: [], tag: String.raw`\d+(?:\.\d+)*(?:\.tlinux\d|-tlinux\d-\d+(?:\.\d+)*)`, end: '', variants: [], counter: /^/,
    stem: 'kernel', stems: [[/(tlinux\d)/, 'kernel-$1']], devel: DEVEL, debuginfo: [] },
  // 5.15.65-server-1.mga8  4.14.69-tmb-desktop-1.mga6, of kernel-linus 5.15.32-1.mga8: to Mageia 8 V-R is a part of the name
  // (debuginfo: not seen)
  mageia: { title: 'Mageia up to 8', on: ['mageia'],
    version: String.raw`\d+(?:\.\d+)+(?:-(?:tmb-)?(?<variant>desktop586|desktop|server|(?<=-tmb-)laptop))?`, packaged: [[/-[a-z][a-z\d-]*-/, '-']],
    parts: ['number'], tag: 'mga[1-8]', end: '', variants: [], i586: /^/,
    stem: 'kernel', stems: [[/-tmb-/, 'kernel-tmb'], [/^[\d.]+-\d/, 'kernel-linus']], devel: ['{name}-devel-{vr}=1-1.{tag}'], debuginfo: [] },
  // 6.6.65-server-2.mga9, of kernel-linus 6.6.116-1.mga9: since 9 V-R is in the version alone (debuginfo: not seen). Of 32 bits
  // 9 is only known to be named as 8 was
  mageia9: { title: 'Mageia', on: ['mageia'],
    version: String.raw`\d+(?:\.\d+)+(?:-(?<variant>desktop586|desktop|server))?`, packaged: [[/-[a-z]+\d*-/, '-']],
    parts: ['number'], tag: String.raw`mga(?:9|[1-9]\d)`, end: '', variants: [], i586: /mga9$/, guessed: /\.i[56]86$/,
    stem: 'kernel', stems: [[/^[\d.]+-\d/, 'kernel-linus']], devel: DEVEL, debuginfo: [] },
  // 5.10.200-std-def-alt1  6.12.30-6.12-alt1  6.1.62-un-def-alt1.1: the flavour is in the names, between V and R in the release
  alt: { title: 'ALT Linux', on: ['altlinux'],
    version: String.raw`\d+(?:\.\d+)+-(?<variant>[a-z\d]+(?:[.-][a-z\d]+)*)`, packaged: [[/-.*-(?=alt\d)/, '-']],
    parts: [], tag: String.raw`alt\d+(?:\.[A-Za-z\d]+)*`, end: '', variants: [], i586: /^/,
    stem: 'kernel-image', devel: ['kernel-headers-modules{suffix}'], debuginfo: ['{name}-debuginfo'] },
  // 4.19.90-2107.6.0.0100.oe1.bclinux.x86_64, built from openEuler (what is beside debuginfo was not seen)
  bclinux: { title: 'BC-Linux', on: ['bclinux'],
    parts: ['number'], tag: String.raw`oe\d+(?:sp\d+)?\.bclinux`, end: '.arch+variant', variants: EL_VARIANTS,
    stem: 'kernel', devel: DEVEL, debuginfo: ['{name}-debuginfo'] },
  // 4.19.91-26.an8.x86_64  5.10.134-14.an23.x86_64
  anolis: { title: 'Anolis OS', on: ['anolis'],
    parts: ['number', 'rc', 'git', 'hash'], tag: String.raw`an(?:7|8|23)(?:_\d+)?`, end: '.arch+variant', variants: EL_VARIANTS,
    stem: 'kernel', devel: DEVEL, debuginfo: COMMON_ARCH },
  // 3.10.0-1160.al7.1.x86_64  4.19.91-0.41.git.67a612f5f.al8.x86_64
  alibaba: { title: 'Alibaba Cloud Linux', on: ['alinux'],
    parts: ['number', 'rc', 'git', 'hash'], tag: String.raw`al(?:[78]|nx\d)(?:\.\d+)?`, end: '.arch+variant', variants: EL_VARIANTS,
    stem: 'kernel', devel: DEVEL, debuginfo: COMMON_ARCH },
  // 4.19.90-24.4.v2101.ky10.x86_64, built from openEuler (debuginfo is not public: unverified)
  kylin: { title: 'Kylin', on: ['kylin'],
    parts: ['number', 'kylin'], tag: String.raw`ky\d+`, end: '.arch+variant', variants: EL_VARIANTS,
    stem: 'kernel', devel: DEVEL, debuginfo: DEBUGSOURCE, debuginfoUnseen: /^/ },
  // 4.19.90-2109.1.0.0108.up2.uel20.x86_64, built from openEuler (behind a login: unverified)
  'uos-e': { title: 'UOS Server E', on: ['uos'],
    parts: ['number', 'update'], tag: String.raw`uel\d+`, end: '.arch+variant', variants: EL_VARIANTS,
    stem: 'kernel', devel: DEVEL, debuginfo: DEBUGSOURCE, debuginfoUnseen: /^/ },
  // 4.19.0-91.82.152.uelc20.x86_64, built from Anolis (behind a login: unverified)
  'uos-a': { title: 'UOS Server A and C', on: ['uos'],
    parts: ['number', 'update'], tag: String.raw`uelc\d+`, end: '.arch+variant', variants: EL_VARIANTS,
    stem: 'kernel', devel: DEVEL, debuginfo: COMMON_ARCH, debuginfoUnseen: /^/ },
  // 3.10.0-693.21.1.el7.cgslv5_4.8.261.gad51a3d.lite.x86_64: not the EL that it names
  cgsl: { title: 'NewStart CGSL', on: ['cgsl'],
    parts: ['number', 'rt'], tag: String.raw`el\d+(?:_\d+)?\.cgslv\d+(?:_\d+)?(?:\.\d+)*(?:\.g[0-9a-f]+)?(?:\.lite)?`, end: '.arch+variant', variants: EL_VARIANTS,
    stem: 'kernel', devel: DEVEL, debuginfo: COMMON_ARCH },
  // 5.10.0-136.12.0.86.aarch64: no tag, or eulerosv2rN (debuginfo: unverified)
  euleros: { title: 'EulerOS', on: ['euleros'], onlyOn: true, only: /^[4-9]\.(?!.*r[1-8]$)/,
    parts: ['number', 'huawei'], tag: String.raw`(?:h?\d+|eulerosv\d+r\d+)`, end: '.arch+variant', variants: EL_VARIANTS,
    stem: 'kernel', devel: DEVEL, debuginfo: DEBUGSOURCE, debuginfoUnseen: /^/ },
  // 3.10.0-514.44.5.10.h179.x86_64, built from RHEL 7; to V2R8 also 4.19.36-vhulk1906.3.0.h356.eulerosv2r8.aarch64
  euleros3: { title: 'EulerOS', on: ['euleros'], onlyOn: true, only: /^3\.|r[1-8]$/,
    parts: ['number', 'huawei'], tag: String.raw`(?:h?\d+|eulerosv\d+r\d+)`, end: '.arch+variant', variants: EL_VARIANTS,
    stem: 'kernel', devel: DEVEL, debuginfo: COMMON_ARCH, debuginfoUnseen: /^/ },
};

export interface DebFamily extends Family {
  /** The whole release: `abi` is what the version starts with, `flavour` the rest, `leaf` its word for the architecture. */
  readonly release: RegExp;
  /** Alternatives: the first that exists is the one. */
  readonly headers: readonly string[];
  /** Alternatives: the first that exists is the one. */
  readonly debuginfo: readonly string[];
  /** Releases of which it is otherwise: the first form that fits; none: none were published. */
  readonly otherDebuginfo?: readonly (readonly [RegExp, readonly string[]])[];
  /** Nobody has seen that debug packages are published. */
  readonly debuginfoUnseen?: true;
  /** What the version looks like of a build that is in no archive of theirs. */
  readonly guessed?: RegExp;
  /** Releases whose packages have another architecture than dpkg usually has. */
  readonly arches?: readonly (readonly [releases: RegExp, usual: string, own: string])[];
}

/** How a Debian flavour ends, and the package architecture that this means. */
export const DEBIAN_LEAVES: Readonly<Record<string, string | null>> = {
  amd64: 'amd64',
  arm64: 'arm64',
  '686': 'i386',
  '686-pae': 'i386',
  '686-bigmem': 'i386',
  '586': 'i386',
  '486': 'i386',
  armmp: 'armhf',
  'armmp-lpae': 'armhf',
  marvell: 'armel',
  kirkwood: 'armel',
  rpi: 'armel',
  orion5x: 'armel',
  ixp4xx: 'armel',
  iop32x: 'armel',
  versatile: 'armel',
  mx5: 'armhf',
  vexpress: 'armhf',
  omap: 'armhf',
  powerpc64le: 'ppc64el',
  powerpc: 'powerpc',
  'powerpc-smp': 'powerpc',
  powerpc64: 'powerpc',
  sparc64: 'sparc',
  'sparc64-smp': 'sparc',
  s390x: 's390x',
  s390: 's390',
  riscv64: 'riscv64',
  loong64: 'loong64',
  mips64r2el: 'mips64el',
  mips32r2el: 'mipsel',
  mips64r6el: 'mips64el',
  // Of two architectures each.
  'loongson-3': null,
  '4kc-malta': null,
  '5kc-malta': null,
  octeon: null,
};
/** Releases of which it is otherwise. */
export const OTHER_DEBIAN_LEAVES: readonly (readonly [RegExp, Readonly<Record<string, string | null>>])[] = [
  // Since Linux 4 only ports of other architectures were left.
  [/^(?![23]\.)/, { sparc64: 'sparc64', 'sparc64-smp': 'sparc64', powerpc64: null }],
  // To Debian 6 the kernel of 64 bits was one of the architecture of 31.
  [/^2\./, { s390x: 's390' }],
];
const V = String.raw`\d+(?:\.\d+)+`;
/** 20, trunk, rc4; LTS and backports 0.deb10.17, 0.bpo.5, once bpo.5. */
const DEBIAN_ABI = String.raw`\d+|trunk|rc\d+|0\.(?:bpo|deb\d+)\.\d+|bpo\.\d+`;
/** A kernel of larger pages says so behind the architecture: arm64-16k, powerpc64le-64k. */
const DEBIAN_FLAVOUR = String.raw`(?:(?:rt|cloud|grsec|openvz|vserver|xen)-)*(?<leaf>${Object.keys(DEBIAN_LEAVES).join('|')})(?:-\d+k)?`;

/** To Debian 8 only some flavours had a -dbg package, and to Debian 5 none had. */
const DEBIAN_WITHOUT_DBG =
  /^(?:2\.6\.(?:\d|[12]\d)-|2\.6\.3\d-(?!.*(?:amd64|686-bigmem|(?:openvz|xen)-686)$)|3\.(?!.*(?:amd64|arm64|686-pae|s390x)$))/;

// oxfmt-ignore
export const DEB_FAMILIES: Readonly<Record<Exclude<DebKernelFamily, 'deb'>, DebFamily>> = {
  // 4.19.0-20-amd64  5.10.0-0.deb10.17-cloud-amd64  5.19.0-rc4-rt-arm64; sid 6.9.7-amd64; since 13 6.12.41+deb13-amd64,
  // and for a second build of one version 6.12.115+deb13.1-cloud-amd64 or 6.12.74+deb13+1-amd64
  // 6.1.90-1a~test is the reader's own, by debian/bin/test-patches
  debian: { title: 'Debian', on: ['debian', 'gardenlinux'], guessed: /~test$/,
    release: new RegExp(String.raw`^(?<abi>${V}(?:\+(?:bpo|deb\d+(?:[u.]\d+)?(?:\+\d+)?))?(?:-(?:${DEBIAN_ABI}))?)-(?<flavour>${DEBIAN_FLAVOUR})$`),
    headers: ['linux-headers-{release}'], debuginfo: ['linux-image-{release}-dbg'], otherDebuginfo: [[DEBIAN_WITHOUT_DBG, []]] },
  // 5.15.96-gardenlinux-amd64  5.10.141-garden-cloud-amd64
  gardenlinux: { title: 'Garden Linux', on: ['gardenlinux'],
    release: new RegExp(`^(?<abi>${V})-garden(?:linux)?-(?<flavour>${DEBIAN_FLAVOUR})$`),
    headers: ['linux-headers-{release}'], debuginfo: ['linux-image-{release}-dbg'] },
  // 4.4.121-k8s: of the Debian 8 images for Kubernetes; no debug package
  kops: { title: 'kops', on: ['debian'],
    release: new RegExp(`^(?<abi>${V})-(?<flavour>k8s)$`),
    headers: ['linux-headers-{release}'], debuginfo: [] },
  // 5.15.77-amd64-desktop  4.19.0-arm64-desktop  6.4.7-amd64-desktop-hwe: one ABI a version, which a number in uname -v follows
  deepin: { title: 'Deepin and UOS Desktop', on: ['deepin', 'uos'],
    release: new RegExp(`^(?<abi>${V})-(?<flavour>(?<leaf>amd64|arm64|loong64|loongson-3)-desktop(?:-[a-z]+)?)$`),
    headers: ['linux-headers-{release}'], debuginfo: ['linux-image-{release}-dbg'], debuginfoUnseen: true },
  // 5.15.143-1-pve, 6.2.16-11-bpo11-pve: of Proxmox VE up to 7, and of the beginning of 8, whose 6.2 came under both names
  pve: { title: 'Proxmox VE up to 7', on: ['debian'],
    release: new RegExp(String.raw`^(?=[2-5]\.|6\.[0-2]\.)(?<abi>${V}-\d+(?:-bpo\d+)?)-(?<flavour>pve)$`),
    headers: ['pve-headers-{release}', 'proxmox-headers-{release}'],
    debuginfo: ['pve-kernel-{release}-dbgsym', 'proxmox-kernel-{release}-dbgsym'], debuginfoUnseen: true },
  // 6.8.12-4-pve: an Ubuntu kernel that Proxmox builds for Debian
  proxmox: { title: 'Proxmox', on: ['debian'],
    release: new RegExp(String.raw`^(?<abi>${V}-\d+(?:-bpo\d+)?)-(?<flavour>pve)$`),
    headers: ['proxmox-headers-{release}', 'pve-headers-{release}'],
    debuginfo: ['proxmox-kernel-{release}-dbgsym', 'pve-kernel-{release}-dbgsym'], debuginfoUnseen: true },
  // 5.15.0-67-generic  4.15.0-2106-aws-fips  3.13.0-142-powerpc64-smp; a signed image's own -dbgsym is a stub, and some images have no unsigned twin.
  // Uploads are 5.15.0-70.77~20.04.1, 3.5.0-54.81~precise1, 5.4.0-1085.90+cvm1.1; 3.2.0-23.36~ppa1 and 4.4.0-1057.61+hf245703v20191104b1 are not
  ubuntu: { title: 'Ubuntu', on: ['ubuntu'],
    guessed: /^(?![\d.]+-[\d.]+(?:~(?:\d\d\.\d\d|(?!ppa)[a-z]+\d)(?:\.\d+)*)?(?:\+[a-z]+\d{1,2}(?:\.\d+)*)?$)/,
    release: new RegExp(String.raw`^(?<abi>${V}-[1-9]\d{0,4})-(?<flavour>(?<leaf>powerpc)(?:64)?-[a-z0-9]+|686|[a-z][a-z0-9]*(?:-[a-z0-9]+)*)$`),
    headers: ['linux-headers-{release}'], debuginfo: ['linux-image-unsigned-{release}-dbgsym', 'linux-image-{release}-dbgsym'],
    // It had no port to POWER or SPARC of 64 bits but ppc64el, none of hard floats before 12.04 (3.2), and one for lpia to 9.10.
    arches: [
      [/^/, 'ppc64', 'powerpc'], [/^/, 'sparc64', 'sparc'], [/^(?:2\.|3\.0\.0-)/, 'armhf', 'armel'], [/-lpia(?:compat)?$/, 'i386', 'lpia'],
    ],
    otherDebuginfo: [
      // Images without a signature, with a signed twin, began with 4.15.
      [/^(?:2\.6\.3[2-9]-|3\.|4\.(?:\d|1[0-4])\.)/, ['linux-image-{release}-dbgsym', 'linux-image-unsigned-{release}-dbgsym']],
      // 2.6.24-28-generic  2.6.28-7-generic; which of the two it was in 9.10 was not seen.
      [/^2\.6\.(?:\d|1\d|2[0-8])-/, ['linux-image-debug-{release}']],
      [/^2\.6\.(?:29|3[01])-/, ['linux-image-{release}-dbgsym', 'linux-image-debug-{release}']],
    ] },
};

/** Who built a kernel, as a word of its release tells. */
export interface TaggedBuilder {
  readonly form: RegExp;
  /** For people: whose kernel it is. */
  readonly title: string;
  /** os-release IDs on which such a release is at home; none: no more is known than the package system. */
  readonly on: readonly string[];
  readonly system: 'rpm' | 'deb';
}

/**
 * What tells the builder of a release whose form no row holds for elsewhere; the first that fits. At home it says nothing:
 * there the index names the packages.
 */
// oxfmt-ignore
export const TAGGED_BUILDERS: readonly TaggedBuilder[] = [
  // 6.12.37-1.red80.x86_64
  rpmTag(/\.red\d+(?=\.|$)/, 'RED OS', ['redos']),
  // 3.10.0-957.12.2.vz7.86.2
  rpmTag(/\.vz\d+(?=\.|$)/, 'Virtuozzo', ['virtuozzo', 'openvz']),
  // 3.10.0-962.3.2.lve1.5.70.el7.x86_64  4.18.0-553.40.1.lve.el8.x86_64
  rpmTag(/\.lve[\d.]*\.el\d/, 'CloudLinux', ['cloudlinux']),
  // 4.18.0-147.5.1.6.h541.eulerosv2r9.x86_64
  rpmTag(/\.eulerosv\d+r\d+(?=\.|$)/, 'EulerOS', ['euleros']),
  // 6.4.11-desktop-1omv2390
  rpmTag(/-\d+omv\d+$/, 'OpenMandriva', ['openmandriva']),
  // 5.10.74-generic-2rosa2021.1-x86_64  4.15.0-desktop-45.1rosa-x86_64
  rpmTag(/-[\d.]+rosa(?:\d[\d.]*)?-[a-z\d_]+$/, 'ROSA', ['rosa']),
  // 6.14.2-401.asahi.fc42.aarch64+16k, of a COPR that Fedora can name as well
  rpmTag(/\.asahi\.fc\d+(?=\.|$)/, 'Fedora Asahi Remix', ['fedora-asahi-remix', 'fedora']),
  // 6.9.7-201.fsync.fc40.x86_64  5.14.0-284.30.1.el9_2.ciqfips.0.8.1.x86_64: of somebody who builds for them
  rpmTag(/\.fc\d+(?=\.|$)/, 'Fedora', ['fedora']),
  rpmTag(/\.el\d+(?=[._]|$)/, 'Red Hat Enterprise Linux and its rebuilds', EL),
  // 5.10.0-136.12.0.86.aarch64: no kernel of a dpkg system ends as the name of an rpm does
  rpmTag(new RegExp(String.raw`-\d[\w.]*\.(?:${ARCHES})(?:\+[a-z\d-]+)?$`), 'a system of rpm', []),
];

function rpmTag(form: RegExp, title: string, on: readonly string[]): TaggedBuilder {
  return { form, title, on, system: 'rpm' };
}

/** What a row says of packages; all there is of a release of no row's form. */
export type RpmNaming = Pick<
  RpmFamily,
  | 'title'
  | 'stem'
  | 'orStem'
  | 'twins'
  | 'devel'
  | 'debuginfo'
  | 'i586'
  | 'ppc'
  | 'guessed'
  | 'counter'
  | 'behindCounter'
  | 'orPackaged'
  | 'suffixes'
  | 'bare'
  | 'debuginfoUnseen'
>;
export type DebNaming = Pick<
  DebFamily,
  'title' | 'headers' | 'debuginfo' | 'otherDebuginfo' | 'debuginfoUnseen' | 'guessed'
>;

/** How rpm distributions name the packages of a kernel as a rule: a guess until an index has said so. */
const ANY_RPM: RpmNaming = {
  title: 'an rpm distribution',
  stem: 'kernel',
  devel: DEVEL,
  debuginfo: COMMON_ARCH,
  debuginfoUnseen: /^/,
};
const ANY_DEB: DebNaming = {
  title: 'a dpkg distribution',
  headers: ['linux-headers-{release}'],
  debuginfo: ['linux-image-{release}-dbg', 'linux-image-unsigned-{release}-dbgsym', 'linux-image-{release}-dbgsym'],
  // The mainline archive of Ubuntu, System76 (6.9.3-76060903-generic), Liquorix and XanMod publish none.
  otherDebuginfo: [[new RegExp(String.raw`-(?:${MAINLINE_ABI})-|-76\d{6}-|-liquorix-|-xanmod\d`), []]],
  debuginfoUnseen: true,
};

/** How a family names its packages. */
export function rpmNaming(family: RpmKernelFamily): RpmNaming {
  return family === 'rpm' ? ANY_RPM : RPM_FAMILIES[family];
}

/** How a distribution names the debug packages of any kernel, by its rows: null where those differ, or it has none. */
export function habitualDebuginfo(distro: string): readonly string[] | null {
  const rows = Object.values(RPM_FAMILIES).filter(({ on }) => on.includes(distro.toLowerCase()));
  const [first, ...others] = rows.map(({ debuginfo }) => debuginfo).filter((names) => names.length > 0);
  return first !== undefined && others.every((names) => names.join() === first.join()) ? first : null;
}

/** Whether nobody knows that debug packages of a kernel are published at all. */
export function isDebuginfoUnseen({ kernelFamily, release }: Pick<RpmTarget, 'kernelFamily' | 'release'>): boolean {
  return rpmNaming(kernelFamily).debuginfoUnseen?.test(release) === true;
}

/** The architecture of a kernel's packages where a family has another one than rpm usually has. */
export function packageArchOf(family: RpmKernelFamily, release: string, usual: string): string {
  const { i586, ppc } = rpmNaming(family);
  if (usual === 'i686' && i586?.test(release) === true) return 'i586';
  return usual === 'ppc64' && ppc === true ? 'ppc' : usual;
}

/** The kernels that a release may be of, by the stems of their packages, the likeliest first. */
export function stemsOf(target: Pick<RpmTarget, 'kernelFamily' | 'stem' | 'packageArch' | 'versionRelease'>): {
  readonly stems: readonly string[];
  /** All of them may exist, where otherwise one alone does. */
  readonly areTwins: boolean;
} {
  const { stem, orStem, twins = [] } = rpmNaming(target.kernelFamily);
  if (orStem !== undefined) return { stems: [target.stem, target.stem === stem ? orStem : stem], areTwins: false };
  const beside = twins.filter(
    ([, releases, arches]) =>
      target.stem === stem && releases.test(target.versionRelease) && arches.includes(target.packageArch),
  );
  return { stems: [target.stem, ...beside.map(([twin]) => twin)], areTwins: beside.length > 0 };
}

/** What dpkg calls the architecture of a kernel's packages where its publisher has another one than is usual. */
export function debArchOf(publishers: readonly string[], release: string, usual: string): string {
  const rows = Object.values(DEB_FAMILIES).filter(({ on }) => on.some((id) => publishers.includes(id)));
  const arches = rows.flatMap((row) => row.arches ?? []);
  const [, , own] = arches.find(([releases, from]) => from === usual && releases.test(release)) ?? [];
  return own ?? usual;
}

/** How a family names its packages. */
export function debNaming(family: DebKernelFamily): DebNaming {
  return family === 'deb' ? ANY_DEB : DEB_FAMILIES[family];
}

/** Every os-release ID that a row is of, by package system. */
export const KERNEL_PUBLISHERS: Readonly<Record<'rpm' | 'deb', readonly string[]>> = {
  rpm: [...new Set(Object.values(RPM_FAMILIES).flatMap(({ on }) => on))],
  deb: [...new Set(Object.values(DEB_FAMILIES).flatMap(({ on }) => on))],
};

/** Ubuntu flavours that are believed by their name; any other only with "-Ubuntu" in uname -v. */
export const UBUNTU_FLAVOURS = words(
  'generic generic-64k generic-lpae generic-pae server virtual lowlatency lowlatency-64k aws aws-64k aws-fips azure ' +
    'azure-cvm azure-fde azure-fips bluefield fips gcp gcp-64k gcp-fips gke gkeop ibm intel intel-iotg kvm nvidia ' +
    'nvidia-64k nvidia-lowlatency oem oracle oracle-64k powerpc-smp powerpc-e500 powerpc-e500mc powerpc64-smp ' +
    'powerpc64-emb raspi raspi2 realtime snapdragon',
);
/** The same of old releases whose flavours Debian has, too: to 6.06, 10.04 and 12.04. */
export const OLD_UBUNTU =
  /^(?:2\.6\.(?:\d|1[0-5])[-.].*-686|2\.6\..*-(?:powerpc|sparc64(?:-smp)?|versatile|ixp4xx|iop32x)|(?:2\.6|3\.[0-2])\..*-omap)$/;

function words(list: string): readonly string[] {
  return list.split(' ');
}
