/** This is a container: the kernel is that of the host. */
import type { Fault } from '../fault.ts';
import { onContainerHost } from '../common-remedies.ts';

export const CONTAINER_KERNEL_NOT_IN_IMAGE: Fault = {
  summary: 'this is a container: the kernel is that of the host',
  page: {
    meaning:
      'A container runs on the kernel of its host. What its image has installed belongs to another kernel, and without privileges it may load no module.',
    tell: '"uname -r" names a release that the image\'s distribution never had, /.dockerenv exists, or the host name is twelve hexadecimal digits.',
    todo: "Prepare the host, or give the container the host's /lib/modules, /usr/src and /sys/kernel/debug and run it privileged.",
  },
  beyondTarget: true,
  explains: [],
  remedy: (situation) => ({
    remedies: onContainerHost(situation),
    otherwise:
      'Or run SystemTap on the host itself; packages of the container image never match the host by themselves.',
  }),
};
