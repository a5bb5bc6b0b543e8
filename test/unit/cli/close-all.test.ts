import { expect, test } from 'vitest';
import { closeAll } from '../../../src/cli/process-context.ts';
import { TapprepError } from '../../../src/errors.ts';

const lost = (): Promise<void> => Promise.reject(new TapprepError('SSH_LOST', 'the connection is lost'));

test('one thing that cannot be ended, over a lost connection, keeps no other from being ended', async () => {
  const ended: string[] = [];
  const told: unknown[] = [];
  const close = async (): Promise<void> => void ended.push('ssh');
  await closeAll([lost, close], (event) => told.push(event));
  expect(ended).toEqual(['ssh']);
  expect(told).toEqual([{ type: 'note', level: 'warning', text: 'at the end: the connection is lost' }]);
});
