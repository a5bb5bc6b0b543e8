/** `tapprep help [TOPIC]`: the page of a command or of a topic, set for the terminal. */
import { EXIT, TapprepError } from '../../errors.ts';
import { COMMANDS } from '../commands.ts';
import type { Context } from '../context.ts';
import { list, text } from '../help/blocks.ts';
import { listCommands, pageOfCommand } from '../help/page.ts';
import { renderBlocks, renderPage } from '../help/text.ts';
import { TOPICS } from '../help/topics.ts';
import { findNearest } from '../../nearest-name.ts';
import { findCode } from '../nearest-code.ts';

/** @throws TapprepError USAGE where there is no such page */
export async function runHelp(context: Context, words: readonly string[]): Promise<number> {
  context.stdout.write(pageFor(words, context.columns));
  return EXIT.done;
}

function pageFor(words: readonly string[], columns: number): string {
  if (words.length === 0) return renderContents(columns);
  const row = COMMANDS.find(({ name }) => name === words.join(' '));
  if (row !== undefined) return renderPage(pageOfCommand(row), columns);
  const topic = TOPICS.find(({ name }) => name === words.join('-').toLowerCase());
  if (topic !== undefined)
    return `${topic.title}: ${topic.summary}\n\n${renderBlocks(topic.blocks(), columns).join('\n')}\n`;
  const actions = COMMANDS.filter(({ name }) => name.startsWith(`${words.join(' ')} `));
  if (actions.length > 0) return actions.map((each) => renderPage(pageOfCommand(each), columns)).join('\n');
  throw new TapprepError(
    'USAGE',
    `there is help for every command and for ${TOPICS.map(({ name }) => name).join(', ')}, but not for "${words.join(' ')}"`,
    { hint: findMeant(words.join(' ')) },
  );
}

/** The command that prints the page which was likely meant. */
function findMeant(word: string): string {
  const page = findNearest(
    word,
    [...COMMANDS, ...TOPICS].map(({ name }) => name),
  );
  if (page !== null) return `tapprep help ${page}`;
  const code = findCode(word);
  return code === null ? 'tapprep help' : `tapprep explain ${code}`;
}

function renderContents(columns: number): string {
  const blocks = [
    ...listCommands(),
    text('tapprep help COMMAND, or COMMAND --help, says what a command takes.'),
    text('tapprep help TOPIC, about what concerns many commands:'),
    list(TOPICS.map(({ name, summary }) => [name, summary])),
  ];
  return `${renderBlocks(blocks, columns).join('\n')}\n`;
}
