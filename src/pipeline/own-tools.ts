/** Whether this machine has what the commands of tapprep may ask for, before one of them does. */
import { isTapprepError } from '../errors.ts';
import { type Finding, fine } from '../diagnose/finding.ts';
import type { Host } from '../host/host.ts';
import { hasProgramsOf } from '../host/local.ts';
import { describeInstall, listMissing, ORDINARY_TOOLS, type Tool } from '../host/tools.ts';
import { findVmTools } from '../vm/host-tools.ts';

const CHECK = 'tools here';

/** Never a problem of the target. @param local this machine. @param arch uname -m of the kernel that would be booted */
export async function checkOwnTools(local: Host, arch: string): Promise<Finding> {
  const toBoot = await lackingToBoot(local, arch);
  // A busybox of another architecture is in no package of this machine: a rehearsal fetches its own.
  const missing = [
    ...(await listMissing(local, ORDINARY_TOOLS)),
    ...toBoot.filter((tool) => tool !== 'busybox' || hasProgramsOf(arch)),
  ];
  if (missing.length === 0) return fine(CHECK, 'This machine has every program that a command of tapprep may need.');
  const detail = `This machine lacks ${missing.join(', ')}; what needs one says so. All at once: ${await describeInstall(local, missing)}`;
  return { check: CHECK, status: 'advice', detail, diagnosis: null };
}

/** Empty, too, for a kernel that is not booted in QEMU at all. */
async function lackingToBoot(local: Host, arch: string): Promise<readonly Tool[]> {
  try {
    await findVmTools(local, { arch });
    return [];
  } catch (error) {
    if (isTapprepError(error, 'USAGE')) return [];
    if (isTapprepError(error, 'TOOL_MISSING')) return error.facts['lacking'] as readonly Tool[];
    throw error;
  }
}
