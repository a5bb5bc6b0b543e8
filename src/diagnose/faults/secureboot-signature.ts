/** The kernel refuses unsigned modules. */
import type { Advice, Fault } from '../fault.ts';
import { REBOOT, run, tapprep } from '../../make-remedy.ts';
import { trustWithoutMok } from '../common-remedies.ts';
import { isOlderThan } from '../rule.ts';
import type { Situation } from '../situation.ts';

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
  remedy: (situation) =>
    isOlderThan(situation.release, 3, 7)
      ? seeWhatEnforces(situation)
      : (trustWithoutMok(situation) ?? signWithOwnKey()),
};

function signWithOwnKey(): Advice {
  return {
    remedies: [
      tapprep('module-key', 'create'),
      { kind: 'enrol-module-key', by: 'user', certificate: null, needsMokutil: true },
      REBOOT,
    ],
    otherwise:
      'The firmware asks at the next boot whether to enrol the key. Where a key is enrolled already (DKMS\'s, the fleet\'s) no reboot is needed: --module-key dkms, or --module-key and --module-cert. Modules can also be built and signed elsewhere and carried there: "tapprep bundle --compiled" with the same options; "tapprep rehearse --secure-boot db" proves them in a guest first. Without any key, "tapprep verify --runtime bpf" says what works without a module.',
  };
}

/** Keys of one's own came with the signatures of Linux 3.7. */
function seeWhatEnforces({ release }: Situation): Advice {
  return {
    remedies: [run('cat /proc/cmdline'), run('cat /proc/sys/crypto/fips_enabled')],
    otherwise: `Kernel ${release ?? ''} takes no key of your own: it refuses what its builder did not sign where "enforcemodulesig" or "fips" stands on its command line, and loads other modules only when booted without them.`,
  };
}
