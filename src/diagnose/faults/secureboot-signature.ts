/** The kernel refuses unsigned modules. */
import type { Fault } from '../fault.ts';
import { REBOOT } from '../../make-remedy.ts';

export const SECUREBOOT_SIGNATURE: Fault = {
  summary: 'the kernel refuses unsigned modules',
  page: {
    meaning:
      'The kernel only loads modules with a signature it trusts, or none at all: Secure Boot with lockdown, module.sig_enforce=1, kernel.modules_disabled=1, or FIPS mode.',
    tell: '"mokutil --sb-state", /sys/kernel/security/lockdown, /sys/module/module/parameters/sig_enforce and /proc/sys/kernel/modules_disabled; dmesg names the reason.',
    todo: 'Let stap sign the module with a machine owner key (stap --sign-module), enrol the key with mokutil and confirm it at the next boot. modules_disabled can only be undone by a reboot.',
  },
  beyondTarget: false,
  explains: [],
  remedy: () => ({
    remedies: [{ kind: 'sign-modules', by: 'user' }, REBOOT],
    otherwise:
      'stap prints the path of its key; the firmware asks at the next boot whether to enrol it. Where no key may be enrolled: a stap-server that has one, modules compiled and signed elsewhere ("tapprep bundle --compiled"), or Secure Boot off.',
  }),
};
