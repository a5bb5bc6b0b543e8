/** The build-id step: debug information against the kernel it is used for. */
import type { BuildId } from '../types.ts';
import { findDebuginfo, findKernelImage, readImageBuildId, readRunningBuildId } from './build-id.ts';
import type { VerifyOptions } from './options.ts';
import { blame, type StepOutcome } from './step.ts';

/**
 * @param guestBuildId what the kernel said that ran in the virtual machine; null when none ran
 * @throws TapprepError TOOL_MISSING, BAD_PACKAGE
 */
export async function verifyBuildId(options: VerifyOptions, guestBuildId: BuildId | null): Promise<StepOutcome> {
  const { host, target } = options;
  const debuginfo = await findDebuginfo(host, target);
  if (debuginfo === null)
    return {
      status: 'skip',
      fault: blame('target', `no debug information of ${target.release} is installed on ${host.name}`),
    };
  if (!debuginfo.hasDwarf)
    return {
      status: 'fail',
      fault: blame('target', `${debuginfo.path} has no .debug_info section, so it cannot serve as debug information`),
    };
  const kernel = await readKernelBuildId(options, guestBuildId);
  if (debuginfo.buildId === null || kernel === null) {
    const unknown = kernel === null ? 'that of the kernel' : `that of ${debuginfo.path}`;
    return { status: 'skip', fault: blame(null, `the build-ids cannot be compared: ${unknown} is not known`) };
  }
  const output = `${debuginfo.path} ${debuginfo.buildId}\n${kernel.from} ${kernel.buildId}`;
  if (debuginfo.buildId !== kernel.buildId)
    return {
      status: 'fail',
      fault: blame(
        'target',
        `${debuginfo.path} has build-id ${debuginfo.buildId} but ${kernel.from} has ${kernel.buildId}`,
      ),
      output,
    };
  return { status: 'pass', output };
}

/** The surest source first: the kernel that ran, then what the target says of its own, then the image. */
async function readKernelBuildId(
  options: VerifyOptions,
  guestBuildId: BuildId | null,
): Promise<{ readonly buildId: BuildId; readonly from: string } | null> {
  if (guestBuildId !== null) return { buildId: guestBuildId, from: 'the kernel in the virtual machine' };
  const running = options.where === 'local' && options.host.kind === 'local' ? readRunningBuildId() : null;
  if (running !== null) return { buildId: running, from: '/sys/kernel/notes' };
  if (options.target.buildId !== null) return { buildId: options.target.buildId, from: 'the kernel of the target' };
  const image =
    options.kernelImage ??
    options.vm?.kernelImage ??
    (await findKernelImage(options.host, options.target.release, options.target.own));
  const buildId = image === null ? null : await readImageBuildId(image);
  return image === null || buildId === null ? null : { buildId, from: image };
}
