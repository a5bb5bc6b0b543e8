import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { createLocalHost } from '../../../src/host/local.ts';
import { type BaseRootRequest, ensureBaseTar } from '../../../src/rehearse/base-root.ts';

test('without a network a base system that is not kept is not made: what it would be is named', async () => {
  const rootsDir = mkdtempSync(join(tmpdir(), 'base-root-'));
  const request = {
    local: createLocalHost(),
    target: { distro: 'debian', packageArch: 'amd64' },
    repository: { suite: 'bookworm', baseUrls: ['http://192.0.2.1/debian'] },
    rootsDir,
    offline: true,
    emit: () => undefined,
    signal: new AbortController().signal,
  } as unknown as BaseRootRequest;
  await expect(ensureBaseTar(request)).rejects.toMatchObject({
    code: 'OFFLINE',
    message: `the base system base-debian-bookworm-amd64 is not in ${rootsDir}`,
  });
  expect(readdirSync(rootsDir)).toEqual([]);
  rmSync(rootsDir, { recursive: true });
});
