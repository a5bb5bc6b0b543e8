/** The ladder of verification, in order: tools, build tree, build-id, hello world, probes, scripts. */
import { TapprepError } from '../errors.ts';
import type { ModuleSigner } from '../sign/module-signer.ts';
import type { VerifyReport, VerifyStep } from '../types.ts';
import { verifyBuildId } from './build-id-step.ts';
import { findBuildTreeFault } from './build-tree.ts';
import { openStapKernel } from './stap-kernel.ts';
import { type CompiledItem, compileItems } from './compile-items.ts';
import { HELLO_ITEM, probeItems, scriptItems } from './items.ts';
import type { Item } from './items.ts';
import { type LoadedItems, loadItems } from './load-items.ts';
import { hasIpv6 } from './kernel-ipv6.ts';
import type { VerifyOptions } from './options.ts';
import { makePrivateDirectory, withStapCache } from './private-directory.ts';
import { blame, findDecisive, runStep } from './step.ts';
import { findWitness } from './witness.ts';
import { verifyTools } from './tools-step.ts';

/**
 * Verifies one target. Failures of checks are steps of the report; `ready` is true only when every step that `level`
 * asks for has passed, and one of them loaded a module into the target's own kernel.
 * @throws TapprepError INTERRUPTED, or what keeps the checks from being made at all (NOT_ROOT, PERMISSION, NO_SPACE)
 */
export async function verifyTarget(options: VerifyOptions): Promise<VerifyReport> {
  if (options.where === 'vm' && options.vm === undefined)
    throw new TapprepError('INTERNAL', 'verification in a virtual machine was asked for without one');
  const { host, signal, cacheDirectory, ...rest } = options;
  const workDirectory = await makePrivateDirectory(host, options.workDirectory, signal);
  try {
    const stapKernel = await openStapKernel(host, options.target, workDirectory, { signal, runtime: options.runtime });
    const work = { ...rest, host, signal, workDirectory, stapKernel };
    if (cacheDirectory === undefined) return await climb(work);
    return await withStapCache(host, cacheDirectory, signal, (cache) =>
      climb(cache === null ? work : { ...work, cacheDirectory: cache }),
    );
  } finally {
    // Not ended by the signal: what was built is removed after an interruption, too.
    await options.host.run(['rm', '-rf', '--', workDirectory]);
  }
}

async function climb(options: VerifyOptions): Promise<VerifyReport> {
  const { host, target, emit } = options;
  const steps: VerifyStep[] = [
    await runStep(emit, 'tools', { dueTo: 'systemtap', required: true }, () => verifyTools(options)),
    await runStep(emit, 'build-tree', { dueTo: 'target', required: true }, async () => {
      const fault = await findBuildTreeFault(host, target);
      return fault === null ? { status: 'pass' } : { status: 'fail', fault: blame('target', fault) };
    }),
  ];
  const canBuild = steps.every(({ status }) => status === 'pass');
  const witness = await findWitness(options);
  const items = [
    HELLO_ITEM,
    ...probeItems(options, witness?.path ?? '/bin/true'),
    ...scriptItems(options, await hasIpv6(host, target)),
  ];
  const compiled = await compileItems(options, items, canBuild);
  const loaded = await loadItems(options, compiled, witness?.files ?? []);
  steps.push(
    await runStep(emit, 'build-id', { dueTo: 'target', required: false }, () =>
      verifyBuildId(options, loaded.guest?.buildId ?? null),
    ),
  );
  steps.push(...loaded.steps);
  await tellProven(options, compiled, loaded);
  return {
    target,
    ranIn: loaded.ranIn,
    ...(options.runtime === 'bpf' ? { runtime: options.runtime } : {}),
    ...(loaded.policy === undefined ? {} : { policy: loaded.policy }),
    ...(options.signer === undefined || options.runtime === 'bpf' ? {} : { signedBy: keyOf(options.signer) }),
    steps,
    ready: findDecisive(steps) === null,
    diagnoses: [],
  };
}

function keyOf({ certificate: { name, keyId } }: ModuleSigner): NonNullable<VerifyReport['signedBy']> {
  return { name, keyId };
}

/** Tells of every module whose step has passed: it was built and seen to work. */
async function tellProven(
  { onProven }: VerifyOptions,
  compiled: readonly CompiledItem[],
  { steps, guest }: LoadedItems,
): Promise<void> {
  for (const { item, modulePath } of compiled) {
    const passed = steps.find((step) => isStepOf(step, item) && step.status === 'pass');
    if (onProven === undefined || passed === undefined || modulePath === null) continue;
    const { id, script } = passed;
    await onProven({ id, script, modulePath, expected: item.expect, seconds: passed.seconds, guest });
  }
}

function isStepOf({ id, script }: VerifyStep, item: Item): boolean {
  return id === item.id && script === item.scriptName;
}
