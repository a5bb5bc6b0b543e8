/** A page of the manual as text for a terminal of any width. */
import { indent, wrap } from '../render/wrap.ts';
import type { Block } from './blocks.ts';
import type { Page } from './page.ts';

const INDENT = 2;
/** Terms of up to this length have their meaning beside them, where the terminal is wide enough. */
const TERM = 22;
const NARROW = 60;

/** @param columns of the terminal; long words stand out rather than being cut */
export function renderPage({ name, summary, synopsis, sections }: Page, columns: number): string {
  const head = [`${name}: ${summary}`, '', ...indent(wrap(`tapprep ${synopsis.join(' ')}`, columns - INDENT), INDENT)];
  const rest = sections.flatMap(({ heading, blocks }) => ['', heading, ...renderBlocks(blocks, columns)]);
  return `${[...wrap(head[0] ?? '', columns), ...head.slice(1), ...rest].join('\n')}\n`;
}

/** Blocks below a heading. */
export function renderBlocks(blocks: readonly Block[], columns: number): readonly string[] {
  return blocks.flatMap((block, at) => {
    const lines = indent(renderBlock(block, columns - INDENT), INDENT);
    return at === 0 || block.kind === 'list' ? lines : ['', ...lines];
  });
}

function renderBlock(block: Block, columns: number): readonly string[] {
  if (block.kind === 'text') return wrap(block.text, columns);
  if (block.kind === 'lines') return block.lines;
  if (columns < NARROW) {
    return block.items.flatMap(([term, meaning]) => [
      ...wrap(term, columns),
      ...indent(wrap(meaning, columns - INDENT), INDENT),
    ]);
  }
  return block.items.flatMap(([term, meaning]) => {
    const [first = '', ...more] = wrap(meaning, columns - TERM);
    if (term.length > TERM - 2) return [term, ...indent([first, ...more], TERM)];
    return [`${term.padEnd(TERM)}${first}`.trimEnd(), ...indent(more, TERM)];
  });
}
