/**
 * Kernels that are recognised by their release and are of no distribution's form: who builds them. That nobody publishes
 * packages of one is only said with the builder's own word; of the others it is not known before the sources were asked.
 */
import { run, tapprep, tapprepAsRoot } from '../make-remedy.ts';
import type { Remedy } from '../types.ts';
import { MAINLINE_ABI } from './release-words.ts';

export interface UnpackagedKernel {
  /** Completes "kernel release R is …". */
  readonly builder: string;
  readonly form: RegExp;
  /** os-release IDs that it is known by such a form on; absent for any. */
  readonly on?: readonly string[];
  /** Where the builder says how modules are built for it, and names no package; null where no such word was read. */
  readonly word: string | null;
  /** What helps instead. */
  readonly remedy: Remedy;
  /** Its packages, if it has any, are not named after the release, so that none is guessed. */
  readonly namedOtherwise?: true;
  /** Its builder has packages of headers for apt that are named after the release. */
  readonly byRelease?: true;
}

/** The tree that the kernel was built from, which whoever built it may have kept. */
const TREE = tapprepAsRoot('install', '--build-tree', 'DIR');
/** Where nobody has that tree, a script can still be tried in a machine of its own. */
const REHEARSE = tapprep('rehearse', 'SCRIPT.stp', '--distro', 'ID:VERSION', '--kernel', 'RELEASE');

/** The first that fits is meant; the last two are what remains when nobody put a name into the release. */
const UNPACKAGED_KERNELS: readonly UnpackagedKernel[] = [
  {
    builder: "Microsoft's kernel for WSL",
    form: /-microsoft(?:-standard)?(?:-wsl2)?\+?$/i,
    word: 'https://github.com/microsoft/WSL2-Linux-Kernel/blob/linux-msft-wsl-6.6.y/README.md',
    remedy: TREE,
  },
  {
    builder: "Docker's LinuxKit kernel",
    form: /-(?:linuxkit|moby|boot2docker)(?:-[a-z0-9]+)*$/,
    word: 'https://github.com/linuxkit/linuxkit/blob/master/docs/kernels.md',
    remedy: REHEARSE,
  },
  {
    builder: 'a kernel made for Firecracker',
    form: /-(?:fc|firecracker)(?:-[\w.]+)?$/,
    word: 'https://github.com/firecracker-microvm/firecracker/blob/main/docs/rootfs-and-kernel-setup.md',
    remedy: TREE,
  },
  {
    builder: "Flatcar Container Linux's kernel",
    form: /-flatcar(?:-r\d+)?\+?$/,
    word: 'https://docs.flatcar-linux.org/os/kernel-modules/',
    remedy: REHEARSE,
  },
  {
    builder: "a container system's own kernel",
    form: /-(?:coreos|talos|k3os|cos)(?:-r\d+)?\+?$/,
    word: null,
    remedy: REHEARSE,
  },
  {
    builder: "a cloud provider's own kernel",
    form: /-(?:x86_64-)?(?:linode\d*|digitalocean|scaleway|orbstack)(?:-|$)/,
    word: null,
    remedy: TREE,
  },
  {
    builder: 'a build of the Ubuntu mainline archive',
    form: new RegExp(String.raw`^\d+(?:\.\d+)+-(?:${MAINLINE_ABI})(?:drmtip\d+)?-[a-z]`),
    word: null,
    remedy: TREE,
  },
  {
    // The packages of such kernels ended with 6.1.21; releases of later ones hold "+rpt-rpi-".
    builder: "a build of the Raspberry Pi's firmware repository, as rpi-update puts it in",
    form: /^(?:6\.(?:[2-9]|[1-9]\d)|[7-9]|[1-9]\d)(?:\.\d+)*-v(?:[67]|7l|8)(?:-16k)?\+?$/,
    word: null,
    remedy: TREE,
  },
  {
    builder: "Raspberry Pi OS's kernel up to Debian 11",
    form: /^\d+(?:\.\d+)+-v(?:[67]|7l|8)\+?$/,
    word: null,
    remedy: run('apt-cache policy raspberrypi-kernel-headers'),
    namedOtherwise: true,
  },
  {
    builder: "Raspberry Pi OS's kernel up to Debian 11",
    // The first boards' (ARMv6) has nothing before the plus.
    form: /^\d+(?:\.\d+)+\+$/,
    on: ['raspbian'],
    word: null,
    remedy: run('apt-cache policy raspberrypi-kernel-headers'),
    namedOtherwise: true,
  },
  {
    builder: "Armbian's kernel",
    form: /^\d+(?:\.\d+)+-(?:(?:current|edge|legacy|vendor)-[a-z0-9]+|sunxi(?:64)?)$/,
    word: null,
    remedy: run(`dpkg --list 'linux-image-*' 'linux-headers-*'`),
    namedOtherwise: true,
  },
  {
    builder: "NVIDIA's kernel for Jetson",
    form: /^\d+(?:\.\d+)+-tegra$/,
    word: null,
    remedy: run('apt-cache policy nvidia-l4t-kernel-headers'),
    namedOtherwise: true,
  },
  {
    builder: "BeagleBoard.org's kernel",
    form: /-(?:ti(?:-rt|-xenomai|-arm64|-rt-arm64)?-r|bone(?:-rt|-xenomai)?(?:-r)?)\d+(?:\.\d+)?$/,
    word: null,
    remedy: run("apt-cache search --names-only '^linux-headers-.*-(ti|bone)'"),
    byRelease: true,
  },
  {
    builder: "linux-surface's kernel",
    form: /-surface-\d+$/,
    word: null,
    remedy: run('apt-cache policy linux-headers-surface'),
    byRelease: true,
  },
  {
    builder: "Kali Linux's kernel for the Raspberry Pi",
    form: /-Re4son(?:-v\w{1,3})?\+?$/,
    word: null,
    remedy: run('apt-cache policy kalipi-kernel-headers'),
    namedOtherwise: true,
  },
  {
    builder: "a board vendor's kernel",
    // Raspberry Pi OS names its packages after releases such as 6.12.47+rpt-rpi-v8.
    form: /(?<!-rpi)-(?:tegra|v7l?|v8|v8-16k|bone\d+|rockchip|sunxi|qnap|synology)\+?$/,
    word: null,
    remedy: TREE,
  },
  {
    builder: "Arch Linux's kernel",
    form: /-(?:arch|artix)\d+-\d+$/,
    word: null,
    remedy: run('pacman -Ss linux headers'),
    namedOtherwise: true,
  },
  {
    builder: "Manjaro's kernel",
    form: /-MANJARO$/,
    word: null,
    remedy: run('pacman -Ss linux headers'),
    namedOtherwise: true,
  },
  {
    builder: "CachyOS's kernel",
    form: /-cachyos(?:-[a-z\d]+)*$/,
    word: null,
    remedy: run('pacman -Ss linux headers'),
    namedOtherwise: true,
  },
  {
    builder: "SteamOS's kernel",
    form: /-neptune(?:-\d+)?(?:-g[0-9a-f]+)?$/,
    word: null,
    remedy: run('pacman -Ss linux headers'),
    namedOtherwise: true,
  },
  {
    builder: 'the long-term kernel of Arch Linux or Alpine Linux',
    form: /^\d+\.\d+\.\d+-\d+-lts$/,
    word: null,
    remedy: TREE,
    namedOtherwise: true,
  },
  {
    builder: "Alpine Linux's kernel",
    form: /^\d+\.\d+\.\d+-\d+-(?:virt|edge|rpi\d?|stable)$/,
    word: null,
    remedy: run('apk search linux dev'),
    namedOtherwise: true,
  },
  {
    builder: "TrueNAS's kernel",
    form: /-(?:production|debug)\+truenas$/,
    word: null,
    remedy: TREE,
    namedOtherwise: true,
  },
  {
    builder: "Alibaba's kernel for its own machines",
    form: /\.kangaroo\.al\d/,
    word: null,
    remedy: TREE,
    namedOtherwise: true,
  },
  {
    builder: "Void Linux's kernel",
    form: /^\d+\.\d+\.\d+_\d+$/,
    word: null,
    remedy: run('xbps-query -Rs headers'),
    namedOtherwise: true,
  },
  {
    builder: 'a kernel built with a patch set of its own',
    form: /-(?:xanmod|zen|liquorix|tkg|gentoo)\d*(?:-|$)/,
    word: null,
    remedy: TREE,
  },
  {
    builder: 'a kernel built from a modified source tree',
    form: /(?:\+|-dirty|-g[0-9a-f]{7,40})$/,
    word: null,
    remedy: TREE,
  },
  {
    builder: 'a kernel built from the upstream sources',
    form: /^\d+(?:\.\d+)+(?:-rc\d+)?$/,
    word: null,
    remedy: TREE,
  },
];

/** The row that a release has the form of on a distribution, or null. */
export function findUnpackaged(release: string, distro: string | null): UnpackagedKernel | null {
  const id = distro?.toLowerCase() ?? '';
  return UNPACKAGED_KERNELS.find(({ form, on }) => form.test(release) && on?.includes(id) !== false) ?? null;
}
