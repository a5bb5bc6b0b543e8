/** Commands to paste, for the package manager of the target. Pure. */
import { quoteWord } from '../vm/shell-words.ts';
import type { Manager, Situation } from './situation.ts';

const INSTALL: Readonly<Record<Manager, string>> = {
  'apt-get': 'apt-get install -y',
  dnf: 'dnf install -y',
  yum: 'yum install -y',
  zypper: 'zypper --non-interactive install --oldpackage',
};

/** A command that needs root rights, with sudo where the user has none. */
export function asRoot(situation: Situation, command: string): string {
  return withSudo(situation, onTarget(situation, command));
}

/** A command that works on the system of a target, which may be a directory of this machine. */
export function onTarget({ host }: Situation, command: string): string {
  return host?.source === 'root' && host.root !== null ? `chroot ${quoteWord(host.root)} ${command}` : command;
}

function withSudo(situation: Situation, command: string): string {
  return situation.sudo ? `sudo ${command}` : command;
}

/** Installs packages by name. Empty where the package manager is unknown or nothing is asked for. */
export function installPackages(situation: Situation, packages: readonly string[]): readonly string[] {
  const { manager } = situation;
  if (manager === null || packages.length === 0) return [];
  return [asRoot(situation, `${INSTALL[manager]} ${packages.join(' ')}`)];
}

/** Lets tapprep find, verify and install the exact packages, also where they have left the mirrors. */
export function prepareWithTapprep(situation: Situation): string {
  return withSudo(situation, tapprepCommand(situation, 'install'));
}

/** A command of tapprep for the kernel in question. */
export function tapprepCommand({ release, host }: Situation, verb: string): string {
  const kernel =
    release === null || (host?.kernel.running === true && host.kernel.release === release)
      ? ''
      : ` --kernel ${release}`;
  const root = host?.source === 'root' && host.root !== null ? ` --root ${quoteWord(host.root)}` : '';
  return `tapprep ${verb}${root}${kernel}`;
}

/** Installs from the repositories where the package names are known, else lets tapprep find them. */
export function installOrPrepare(situation: Situation, packages: readonly string[]): readonly string[] {
  const commands = installPackages(situation, packages);
  return commands.length > 0 ? commands : [prepareWithTapprep(situation)];
}
