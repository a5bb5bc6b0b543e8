/** No distribution publishes packages for this kernel. */
import type { Fault } from '../fault.ts';
import { useBuiltTree } from '../common-remedies.ts';

export const CUSTOM_KERNEL_NO_PACKAGE: Fault = {
  summary: 'no distribution publishes packages for this kernel',
  page: {
    meaning:
      "Nobody publishes packages for this kernel: WSL2, Docker Desktop, Firecracker, a cloud vendor's or one that was built by hand.",
    tell: 'The release has the form of no distribution, and "rpm -qf /lib/modules/$(uname -r)" or dpkg -S know no owner.',
    todo: 'Get the built tree from whoever built the kernel and name it to tapprep with --build-tree DIR (to stap with -r), or boot a kernel of a distribution.',
  },
  beyondTarget: true,
  explains: ['DEVEL_MISSING', 'REPO_NO_PACKAGE'],
  remedy: useBuiltTree,
};
