/** The command lines of tapprep that the pages show. */
import { globSync, readFileSync } from 'node:fs';

export const PAGES: readonly string[] = [
  'README.md',
  'CONTRIBUTING.md',
  'SECURITY.md',
  ...globSync('docs/*.md'),
].toSorted();

export interface ShownCommand {
  readonly page: string;
  /** From "tapprep" on, without what a shell does with its input and output. */
  readonly command: string;
}

/** Every command line of tapprep in a block of shell lines. */
export function commandsInBlocks(page: string): readonly ShownCommand[] {
  const blocks = readFileSync(page, 'utf8').matchAll(/^```(?:sh|console)\n([\s\S]*?)^```$/gm);
  const lines = Array.from(blocks, ([, text = '']) => text.replaceAll(/\\\n\s*/g, ' ').split('\n')).flat();
  return lines.flatMap((line) =>
    line
      .replace(/^\$ /, '')
      .replace(/\s#\s.*$/, '')
      .split(/&&|\|\||\||;/)
      .flatMap((part) => commandOf(page, part)),
  );
}

/** Those in the middle of a sentence, but for the ones that leave something out. */
export function commandsInSentences(page: string): readonly ShownCommand[] {
  const text = readFileSync(page, 'utf8').replaceAll(/^```[\s\S]*?^```$/gm, '');
  return Array.from(text.matchAll(/`((?:sudo |npx )*tapprep [^`\n]+)`/g), ([, span = '']) => span)
    .filter((span) => !span.includes('…') && !span.includes('|'))
    .flatMap((span) => commandOf(page, span));
}

function commandOf(page: string, part: string): readonly ShownCommand[] {
  const line = part.trim().replace(/^(?:sudo |npx )+/, '');
  if (!/^tapprep\s/.test(line)) return [];
  return [{ page, command: line.replaceAll(/\s\d?>+&?\s*\S+/g, '').replaceAll(/\s<\s*\S+/g, '') }];
}

/** Words of a command line with simple quotes. */
export function wordsOf(command: string): readonly string[] {
  return Array.from(command.matchAll(/'([^']*)'|"([^"]*)"|(\S+)/g), ([, one, two, three]) => one ?? two ?? three ?? '');
}
