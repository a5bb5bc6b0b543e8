/** The page of results for people. Pure. */
import { textOf } from '../../../src/sentence.ts';
import type { KernelRecord, Outcome, PortableRecord, Way } from './record.ts';

/** docs/lab-results.md */
export function renderPage(records: readonly KernelRecord[], portable: readonly PortableRecord[]): string {
  const notes: string[] = [];
  const note = (text: string): string => {
    if (!notes.includes(text)) notes.push(text);
    return `(${notes.indexOf(text) + 1})`;
  };
  const lines = [
    '# What the lab saw',
    '',
    'Written by `npm run lab`; do not edit. Each module was compiled in a root of its distribution, loaded in its own kernel in',
    'QEMU without hardware virtualization, heard, and removed. A number in brackets is the reason, below.',
    '',
    '## Which SystemTap: what `plan` expected before any download, and what was seen',
    '',
    ...table(
      ['kernel', 'SystemTap', 'hello world', '`kernel.function`', 'seen'],
      records.flatMap(({ system, release, ways }) =>
        ways.map((way, index) => [
          index === 0 ? `${system}<br>${release}` : '',
          way.name,
          way.hello.verdict,
          expected(way, note),
          way.seen === null ? 'not tried' : way.seen === 'proven' ? 'proven' : `failed ${note(way.seen)}`,
        ]),
      ),
    ),
    '',
    '## The ladder',
    '',
    ...matrix(
      records,
      ({ ladder }) => ladder,
      note,
      ({ seconds }) => `${seconds.toFixed(1)} s`,
    ),
    '',
    '## The scripts',
    '',
    'Proven: it printed the event that was made for it, and nothing of the control event.',
    '',
    ...matrix(
      records,
      ({ scripts }) => scripts,
      note,
      () => 'proven',
    ),
    '',
    '## Times',
    '',
    ...table(
      ['kernel', 'day', 'measured'],
      records.map(({ system, date, seconds }) => [
        system,
        date,
        Object.entries(seconds)
          .map(([name, value]) => `${name} ${value < 10 ? value.toFixed(1) : String(Math.round(value))} s`)
          .join(', '),
      ]),
    ),
    '',
    ...(portable.length === 0 ? [] : describePortable(portable)),
    '## Reasons',
    '',
    ...notes.map((text, index) => `${index + 1}. ${quote(text)}`),
  ];
  return `${lines.join('\n')}\n`;
}

function describePortable(portable: readonly PortableRecord[]): readonly string[] {
  const rows = portable.map(({ version, suite, cold, cached, megabytes, files }) => [
    `${version} of ${suite}`,
    `${cold.toFixed(1)} s`,
    `${cached.toFixed(2)} s`,
    `${megabytes.toFixed(1)} MB in ${files} files`,
  ]);
  return [
    '## Portable SystemTap, put together of packages that are already here',
    '',
    ...table(['version', 'cold', 'from the cache', 'unpacked'], rows),
    '',
  ];
}

function expected({ 'kernel.function': higher }: Way, note: (text: string) => string): string {
  return higher.verdict === 'fits'
    ? 'fits'
    : `${higher.verdict} ${note(higher.reasons[0] === undefined ? 'nothing is known' : textOf(higher.reasons[0]))}`;
}

function matrix(
  records: readonly KernelRecord[],
  outcomesOf: (record: KernelRecord) => readonly Outcome[],
  note: (text: string) => string,
  passed: (outcome: Outcome) => string,
): readonly string[] {
  const names = [...new Set(records.flatMap((record) => outcomesOf(record).map(({ name }) => name)))];
  return table(
    ['', ...records.map(({ system, systemtap }) => `${system}<br>SystemTap ${systemtap}`)],
    names.map((name) => [
      name,
      ...records.map((record) => {
        const outcome = outcomesOf(record).find((each) => each.name === name);
        if (outcome === undefined) return '';
        if (outcome.status === 'pass') return passed(outcome);
        return `${outcome.status === 'fail' ? 'no' : 'not tried'} ${note(outcome.reason ?? 'no reason was given')}`;
      }),
    ]),
  );
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): readonly string[] {
  return [head, head.map(() => '---'), ...rows].map((cells) => `| ${cells.join(' | ')} |`);
}

/** Words of compilers as they are: quoted with as many backticks as they do not hold. */
function quote(text: string): string {
  return text.includes('`') ? `\`\` ${text} \`\`` : `\`${text}\``;
}
