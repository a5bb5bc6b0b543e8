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
    guestSources: decoy === null ? [] : [decoy],
    notByBpf: 'the script is written for modules, and has no form for the bpf runtime',
  };
}
