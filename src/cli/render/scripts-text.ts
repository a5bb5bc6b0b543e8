/** The incident-response scripts for people. */
import type { CatalogueEntry } from '../../scripts/catalogue.ts';
import type { ScriptArgument } from '../../scripts/metadata-schema.ts';
import { renderTable } from './table.ts';

/** One line a script. */
export function listScripts(catalogue: readonly CatalogueEntry[], columns: number | null): string {
  const rows = catalogue.map(({ name, needs, bpf, shows }) => [name, needs, runsBy(bpf), shows]);
  return `${renderTable(['SCRIPT', 'NEEDS', 'RUNS BY', 'SHOWS'], rows, columns)}\n`;
}

/** What a script is, takes and was proven on; then its whole text, as comments and code that stap takes. */
export function describeScript(entry: CatalogueEntry): string {
  const { name, shows, needs, gains, bpf, arguments: known, proven } = entry;
  const lines = [
    `${name}: ${shows}`,
    `needs ${needs}${gains === undefined ? '' : `; with ${gains.rung} it ${gains.text}`}`,
    ...describeBpf(bpf),
    ...known.map(describeArgument),
    known.length === 0
      ? `run: tapprep scripts run ${name}`
      : `run: tapprep scripts run ${name} ${known.map(example).join(' ')}`,
    ...(proven.length === 0 ? ['not proven on any kernel yet'] : []),
    ...proven.map(
      ({ kernel, arch, systemtap, date }) => `proven on ${kernel} (${arch}) with SystemTap ${systemtap}, ${date}`,
    ),
  ];
  return `${lines.map((line) => `// ${line}`).join('\n')}\n\n${entry.script}`;
}

function runsBy(bpf: CatalogueEntry['bpf']): string {
  return 'cannot' in bpf ? 'module' : 'module, bpf';
}

/** What the bpf runtime, which loads no module, makes of a script. */
function describeBpf(bpf: CatalogueEntry['bpf']): readonly string[] {
  if ('cannot' in bpf) return [`by the bpf runtime: no, because ${bpf.cannot}`];
  const { lacks, withoutMemory } = bpf;
  return [
    `by the bpf runtime: yes, without ${lacks}`,
    withoutMemory === undefined
      ? "by the bpf runtime under lockdown=confidentiality: no, because no bpf program may read the kernel's memory then"
      : `by the bpf runtime under lockdown=confidentiality: yes, without ${withoutMemory.lacks}`,
  ];
}

function describeArgument(argument: ScriptArgument): string {
  if (argument.type === 'file') return `argument ${argument.name}: ${argument.text}`;
  const { name, text, min, max, default: usual } = argument;
  return `argument ${name}: ${text}, from ${min} to ${max} (default ${usual})`;
}

function example(argument: ScriptArgument): string {
  return argument.type === 'file' ? `${argument.name}=/etc/shadow` : `${argument.name}=${argument.default}`;
}
