/** What a piece of work costs this thread, whatever else the machine does meanwhile: not what the clock says. */

/** Milliseconds of processor time, user and system, of this thread. */
export async function cpuMilliseconds(work: () => unknown): Promise<number> {
  const before = process.threadCpuUsage();
  await work();
  const { user, system } = process.threadCpuUsage(before);
  return (user + system) / 1000;
}
