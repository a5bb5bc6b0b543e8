/** This is a container: the kernel is that of the host. */
import type { Advice, Fault } from '../fault.ts';
import { run } from '../../make-remedy.ts';
import { isInContainer, type Situation } from '../situation.ts';
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
  remedy: (situation) =>
    situation.packages.standing === 'foreign' && !isInContainer(situation)
      ? askWhetherContainer(situation)
      : {
          remedies: onContainerHost(situation),
          otherwise:
            'Or run SystemTap on the host itself; packages of the container image never match the host by themselves.',
        },
};

/** Nothing but the kernel's form speaks for a container: somebody may as well have installed another distribution's kernel. */
function askWhetherContainer(situation: Situation): Advice {
  return {
    remedies: [run('systemd-detect-virt --container'), ...onContainerHost(situation)],
    otherwise:
      'Where it names one, the kernel is that of the host, and so are its packages: run SystemTap there. Where it says "none", a kernel of another distribution was installed here: its headers come from where it came from, or boot one of this system.',
  };
}
