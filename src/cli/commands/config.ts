/** `tapprep config show`: what is configured, and which file or variable each value came from. */
import { EXIT, redact } from '../../errors.ts';
import { CONFIG_KEYS } from '../configuration-keys.ts';
import { readConfiguration } from '../configuration.ts';
import type { Context } from '../context.ts';
import { renderTable } from '../render/table.ts';

/** @returns 0 @throws TapprepError BAD_CONFIG */
export async function runConfigShow(context: Pick<Context, 'stdout' | 'common' | 'env'>): Promise<number> {
  const configuration = await readConfiguration(context.env);
  const { files, never } = configuration;
  const values = configuration.settings.map(({ key, value, source }) => ({
    key,
    // An address may carry a password.
    value: Array.isArray(value) ? value.map(redact) : typeof value === 'string' ? redact(value) : value,
    source,
  }));
  if (context.common.json) {
    context.stdout.json({ files, values, never });
    return EXIT.done;
  }
  const unset = CONFIG_KEYS.flatMap(({ name }) =>
    [...values.map(({ key }) => key), ...(never.length > 0 ? ['never'] : [])].includes(name) ? [] : [name],
  );
  const rows = [
    ...values.map(({ key, value, source }) => [key, Array.isArray(value) ? value.join(' ') : String(value), source]),
    ...never.map(({ option, source }) => ['never', option, source]),
  ];
  const lines = [
    ...files.map(({ path, isThere }) => `${path}: ${isThere ? 'read' : 'not there'}`),
    '',
    rows.length === 0 ? 'Nothing is configured.' : renderTable(['KEY', 'VALUE', 'FROM'], rows, context.stdout.columns),
    ...(unset.length === 0 ? [] : ['', `As built in: ${unset.join(', ')}`]),
  ];
  context.stdout.write(`${lines.join('\n')}\n`);
  return EXIT.done;
}
