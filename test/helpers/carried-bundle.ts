/** A compiled bundle carried into a booted kernel that has nothing but busybox. */
import { join } from 'node:path';
import { listFiles, MANIFEST_NAME, rootOf, SUMS_NAME } from '../../src/bundle/manifest.ts';
import type { OpenBundle } from '../../src/bundle/read.ts';
import { createLocalHost } from '../../src/host/local.ts';
import { findEntry, loadCatalogue } from '../../src/scripts/catalogue.ts';
import { toVerifyScript } from '../../src/scripts/verify-script.ts';
import { bootInVm } from '../../src/vm/boot.ts';
import { findVmTools } from '../../src/vm/host-tools.ts';
import type { VmJob, VmReport } from '../../src/vm/job.ts';

export interface CarriedBundle {
  readonly kernelImage: string;
  readonly bundle: OpenBundle;
  /** uname -m of the kernel. */
  readonly arch: string;
  /** Of that architecture; this machine's where left out. */
  readonly busybox?: string;
  /** For the initramfs. */
  readonly work: string;
}

/** Boots a kernel with busybox and the unpacked bundle; each job is `sh run.sh NAME`, with the event of its proof. */
export async function carryInto(
  { kernelImage, bundle, arch, busybox, work }: CarriedBundle,
  names: readonly string[],
): Promise<VmReport> {
  const catalogue = await loadCatalogue(join(import.meta.dirname, '../..'));
  const { manifest, pathOf } = bundle;
  const modes = new Map(listFiles(manifest).map(({ path, mode }) => [path, mode]));
  const root = `/carried/${rootOf(manifest)}`;
  const jobs = names.map((name): VmJob => {
    const module = manifest.modules.find((one) => one.name === name);
    const script = name === 'hello' ? null : toVerifyScript(findEntry(catalogue, name));
    return {
      name,
      modulePath: pathOf(module?.path ?? ''),
      expect: script?.expect ?? ['Hello, World'],
      timeoutMs: 120_000,
      ...(script === null ? {} : { moduleArgs: ['json=0'], stopWhenSeen: true }),
      ...(script?.trigger === undefined ? {} : { trigger: script.trigger, readyText: script.readyText ?? '' }),
    };
  });
  return await bootInVm({
    kernelImage,
    tools: await findVmTools(createLocalHost(), { arch, ...(busybox === undefined ? {} : { busybox }) }),
    staprun: { files: [], starters: [], argv: ['/bin/sh', `${root}/run.sh`], env: {} },
    files: [...modes.keys(), MANIFEST_NAME, SUMS_NAME].map((path) => ({
      source: pathOf(path),
      path: `${root}/${path}`,
      mode: modes.get(path) ?? 0o644,
    })),
    jobs,
    temporaryDirectory: work,
    signal: new AbortController().signal,
    emit: () => undefined,
  });
}

/** The exit status of `run.sh NAME`: hello ends by itself, a script is ended by SIGTERM once its event was seen. */
export function statusOfRun(name: string): number {
  return name === 'hello' ? 0 : 143;
}
