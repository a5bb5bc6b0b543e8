/** A script of the catalogue as verification takes it: with the event that it must print and the one that it must not. */
import type { VerifyScript } from '../verify/options.ts';
import type { CatalogueEntry } from './catalogue.ts';

/** Printed by stp/lib/event.stp when all probes are in place. */
const READY = ' READY ';
/** A kernel without hardware virtualization, and a few questions that nobody answers. */
const TIMEOUT_MS = 120_000;

/** @param args the script's own arguments; those of its proof where left out */
export function toVerifyScript(entry: CatalogueEntry, args?: readonly string[]): VerifyScript {
  const { gains, proof, prepare, decoy } = entry;
  return {
    name: entry.name,
    text: entry.script,
    args: ['0', ...(args ?? proof.arguments ?? [])],
    readyText: proof.ready ?? READY,
    trigger: entry.event,
    expect: proof.expect,
    expectIpv6: proof.expectIpv6 ?? [],
    ...(gains === undefined ? {} : { expectWith: gains }),
    reject: proof.reject,
    timeoutMs: TIMEOUT_MS,
    ...(prepare === null ? {} : { prepare }),
    guestModules: proof.modules ?? [],
    guestSymbols: proof.symbols ?? [],
    guestSources: decoy === null ? [] : [decoy],
    bpf: bpfFormOf(entry, args),
  };
}

/** The first argument of a form for the bpf runtime: whether the kernel's memory may be read. */
export const READS_MEMORY = '1';
export const READS_NO_MEMORY = '0';

function bpfFormOf(
  { bpf, bpfScript, bpfPrepare, proof }: CatalogueEntry,
  args: readonly string[] | undefined,
): NonNullable<VerifyScript['bpf']> {
  if ('cannot' in bpf) return bpf;
  const words = args ?? bpf.proof.arguments ?? proof.arguments ?? [];
  return {
    text: bpfScript ?? '',
    args: [READS_MEMORY, ...words],
    expect: bpf.proof.expect,
    expectIpv6: bpf.proof.expectIpv6 ?? [],
    reject: bpf.proof.reject,
    ...(bpfPrepare === null ? {} : { prepare: bpfPrepare }),
    withoutMemory:
      bpf.withoutMemory === undefined ? null : { args: [READS_NO_MEMORY, ...words], expect: bpf.withoutMemory.expect },
  };
}
