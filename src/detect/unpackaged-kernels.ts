/** Kernels that are recognised and that no distribution publishes packages for: who builds them, told by the release. */

export interface UnpackagedKernel {
  /** Completes "kernel release R is …". */
  readonly builder: string;
  readonly form: RegExp;
  /** A command that helps instead. */
  readonly hint: string;
}

/** SystemTap takes the tree that the kernel was built from in place of a package. */
const OWN_TREE = "stap -r /path/to/the/kernel/build/tree -e 'probe begin { exit() }'";
/** Where nobody has that tree, a script can still be tried in a machine of its own. */
const REHEARSE = 'tapprep rehearse SCRIPT.stp --distro ID:VERSION --kernel RELEASE';

/** The first that fits is meant; the last two are what remains when nobody put a name into the release. */
export const UNPACKAGED_KERNELS: readonly UnpackagedKernel[] = [
  { builder: "Microsoft's kernel for WSL", form: /-microsoft(?:-standard)?(?:-wsl2)?\+?$/i, hint: REHEARSE },
  { builder: "Docker's LinuxKit kernel", form: /-(?:linuxkit|moby|boot2docker)(?:-[a-z0-9]+)*$/, hint: REHEARSE },
  { builder: 'a kernel made for Firecracker', form: /-(?:fc|firecracker)(?:-[\w.]+)?$/, hint: OWN_TREE },
  {
    builder: "a container system's own kernel",
    form: /-(?:flatcar|coreos|talos|k3os|cos)(?:-r\d+)?\+?$/,
    hint: REHEARSE,
  },
  {
    builder: "a cloud provider's own kernel",
    form: /-(?:x86_64-)?(?:linode\d*|digitalocean|scaleway|orbstack)(?:-|$)/,
    hint: OWN_TREE,
  },
  {
    builder: 'a build of the Ubuntu mainline archive',
    form: /^\d+(?:\.\d+)+-0\d{5}(?:rc\d+)?(?:drmtip\d+)?-[a-z]/,
    hint: OWN_TREE,
  },
  {
    builder: "a board vendor's kernel",
    form: /-(?:tegra|v7l?|v8|v8-16k|bone\d+|rockchip|sunxi|qnap|synology)\+?$/,
    hint: OWN_TREE,
  },
  {
    builder: 'a kernel built with a patch set of its own',
    form: /-(?:xanmod|zen|liquorix|tkg|gentoo)\d*(?:-|$)/,
    hint: OWN_TREE,
  },
  { builder: 'a kernel built from a modified source tree', form: /(?:\+|-dirty|-g[0-9a-f]{7,40})$/, hint: OWN_TREE },
  { builder: 'a kernel built from the upstream sources', form: /^\d+(?:\.\d+)+(?:-rc\d+)?$/, hint: OWN_TREE },
];
