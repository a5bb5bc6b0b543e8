/** For people: one mend with all that it changes. */
import { countOf } from '../../count.ts';
import type { Mend } from '../../systemtap/mends/table.ts';

export function describeMend(mend: Mend): string {
  const { id, what, cures, stap, measured, source, cannot, definitions, edits, flags } = mend;
  return [
    `${id}: ${what}`,
    `SystemTap: ${stap.from}${stap.before === null ? ' and later' : ` to below ${stap.before}`}`,
    `against: ${cures.join(', ')}`,
    `needed where ${[...mend.kernel.map(describeKernelTest), ...mend.runtime.map(describeRuntimeTest)].join(', and ')}`,
    `seen: ${measured}`,
    `source: ${source}`,
    `what it cannot do: ${cannot ?? 'nothing is known'}`,
    ...(definitions === null ? [] : ['the compiler includes first:', indent(definitions)]),
    ...edits.map(({ file, text, count, by }) =>
      [
        `in ${file} of the runtime, ${count === 1 ? 'once' : countOf(count, 'time')}:`,
        indent(text),
        'becomes',
        indent(by || '(nothing)'),
      ].join('\n'),
    ),
    ...(flags.length === 0 ? [] : [`the compiler is given ${flags.join(' ')}`]),
  ].join('\n');
}

function describeKernelTest(test: Mend['kernel'][number]): string {
  const not = test.there ? '' : 'not ';
  if (test.kind === 'symbol') return `the kernel does ${not}export ${test.name}`.replace('does export', 'exports');
  return `${test.file} of the kernel does ${not}have "${test.text}"`.replace('does have', 'has');
}

function describeRuntimeTest({ file, text, there }: Mend['runtime'][number]): string {
  return `${file} of the runtime ${there ? 'has' : 'does not have'} "${text}"`;
}

function indent(text: string): string {
  return text.replaceAll(/^/gm, '  ');
}
