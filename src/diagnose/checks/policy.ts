/** What the kernel lets be loaded, and by whom. */
import { findMissingGroups } from '../../detect/load-groups.ts';
import { countingKeyrings, describeLoad, judgeLoad } from '../../detect/module-policy.ts';
import type { HostFacts } from '../../types.ts';
import { OVERRIDE_FIPS, REBOOT, run } from '../../make-remedy.ts';
import { advice, type Check, consequence, fine, problem } from '../finding.ts';

/** Lockdown, enforced signatures, Secure Boot, FIPS and modules_disabled. */
export const checkModulePolicy: Check = (view) => {
  const { security } = view.facts;
  const unsigned = judgeLoad(view.facts, 'unsigned');
  // The check of the kernel's options says the rest.
  if (unsigned.why === 'no-modules') {
    return [consequence('module loading', `${upperFirst(describeLoad(unsigned, view.facts, null))}.`)];
  }
  const found = [];
  if (security.modulesDisabled === true) {
    found.push(
      problem(
        view,
        'module loading',
        'SECUREBOOT_SIGNATURE',
        'kernel.modules_disabled is 1: no module can be loaded until the next boot.',
        {
          evidence: ['/proc/sys/kernel/modules_disabled: 1'],
          remedies: [run('grep -rs modules_disabled /etc/sysctl.conf /etc/sysctl.d /usr/lib/sysctl.d'), REBOOT],
        },
      ),
    );
  }
  const reasons = [
    ...(security.moduleSigEnforce === true ? ['module.sig_enforce is on'] : []),
    ...(security.lockdown === 'integrity' || security.lockdown === 'confidentiality'
      ? [`lockdown is at ${security.lockdown}`]
      : []),
  ];
  if (reasons.length > 0) {
    const boot = security.secureBoot === true ? ', as Secure Boot asks for' : '';
    const detail = `The kernel only loads signed modules${boot}: ${reasons.join(' and ')}. They have to be signed by a key that counts there${describeKeys(view.facts)}.`;
    found.push(
      problem(view, 'module loading', 'SECUREBOOT_SIGNATURE', detail, {
        evidence: [...reasons, `Secure Boot: ${yesNo(security.secureBoot)}`],
      }),
    );
  } else if (security.secureBoot === true) {
    found.push(
      advice(
        view,
        'module loading',
        'SECUREBOOT_SIGNATURE',
        'Secure Boot is on, but neither lockdown nor sig_enforce is: unsigned modules are loaded for now.',
        {
          evidence: ['Secure Boot: on', `lockdown: ${security.lockdown ?? 'unknown'}`],
          confidence: 'possible',
        },
      ),
    );
  }
  if (security.fips === true) {
    found.push(
      problem(
        view,
        'module loading',
        'SECUREBOOT_SIGNATURE',
        'The kernel runs in FIPS mode, where staprun loads no module unless STAP_FIPS_OVERRIDE is set, because old kernels panicked on it.',
        {
          evidence: ['/proc/sys/crypto/fips_enabled: 1'],
          remedies: [OVERRIDE_FIPS],
        },
      ),
    );
  }
  if (found.some(({ status }) => status === 'problem')) return found;
  return [...found, fine('module loading', 'Unsigned modules may be loaded.')];
};

/** Groups of a user who is not root. */
export const checkUser: Check = (view) => {
  const { uid, name, groups } = view.facts.user;
  if (view.facts.source !== 'host') return [];
  if (uid === 0) return [fine('user', 'Running as root.')];
  const who = name ?? `uid ${String(uid)}`;
  const missing = findMissingGroups(view.facts.user);
  if (missing.length === 0) return [fine('user', `${who} is in stapusr and stapdev.`)];
  const held = groups.filter((group) => group.startsWith('stap')).join(', ');
  const inThem = held === '' ? '' : ` in ${held} but`;
  return [
    problem(view, 'user', 'PERM_GROUPS', `${who} is not root, and${inThem} not in ${missing.join(' and ')}.`, {
      evidence: [`user: ${who}`, `groups: ${groups.join(' ')}`],
    }),
  ];
};

/** The keys of owners that the kernel trusts, by name: who has one of them needs to enrol nothing. */
function describeKeys({ security, os }: HostFacts): string {
  const { trustedKeys } = security;
  if (trustedKeys == null) return '';
  const counting = countingKeyrings(os.id).filter((name) => name !== '.builtin_trusted_keys');
  const names = trustedKeys.keys
    .filter(({ keyring }) => counting.includes(keyring ?? ''))
    .map(({ name }) => `"${name}"`);
  return names.length === 0 ? '' : `: ${[...new Set(names)].slice(0, 5).join(', ')}`;
}

function upperFirst(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}

function yesNo(value: boolean | null): string {
  return value === null ? 'unknown' : value ? 'on' : 'off';
}
