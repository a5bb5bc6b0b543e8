/** The module was loaded but its control files cannot be reached. */
import type { Fault } from '../fault.ts';
import { runAsRoot } from '../../make-remedy.ts';

export const PERM_CONTROL_CHANNEL: Fault = {
  summary: 'the module was loaded but its control files cannot be reached',
  page: {
    meaning:
      'The module is in the kernel, but staprun cannot open the files through which it talks to it, in debugfs or /proc/systemtap.',
    tell: '/sys/kernel/debug is not mounted, has mode 0700, or belongs to another mount namespace; or the .ko file was renamed after it was compiled.',
    todo: 'Mount debugfs, run as root, and keep the file name of a compiled module.',
  },
  beyondTarget: false,
  explains: [],
  remedy: () => ({
    remedies: [runAsRoot('mount -t debugfs none /sys/kernel/debug'), runAsRoot("stap -v -e 'probe begin { exit() }'")],
    otherwise:
      'If it works as root only, /sys/kernel/debug is closed to other users (mode 0700). Do not rename a compiled module: its file name must stay its module name.',
  }),
};
