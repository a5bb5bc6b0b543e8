import { afterEach, beforeEach, expect, test } from 'vitest';
import { chunksOf } from '../../../src/fetch/body.ts';
import { createFtpTransport } from '../../../src/fetch/ftp.ts';
import { createHttpTransport } from '../../../src/fetch/http.ts';
import { PROBE_REQUEST, type TransportResponse } from '../../../src/fetch/transport.ts';
import { type Fault, type FaultServer, startFaultServer } from '../../helpers/fault-server.ts';
import { FAST_LIMITS, randomContent } from '../../helpers/fetch-lab.ts';
import { type FtpServer, startFtpServer } from '../../helpers/ftp-server.ts';

const content = randomContent(20_000);
const half = content.subarray(0, content.length >> 1);
let web: FaultServer;
let ftp: FtpServer;

beforeEach(async () => {
  [web, ftp] = await Promise.all([startFaultServer(content), startFtpServer(content)]);
});

afterEach(async () => {
  await Promise.all([web.close(), ftp.close()]);
});

const asked = { ...PROBE_REQUEST, signal: new AbortController().signal } as const;

/** Reads only after the connection broke, as whoever is writing to a disk meanwhile. */
async function readLate(response: TransportResponse): Promise<{ readonly bytes: Buffer; readonly error: unknown }> {
  await new Promise((resolve) => response.body.once('close', resolve));
  const chunks: Uint8Array[] = [];
  try {
    for await (const chunk of chunksOf(response)) chunks.push(chunk);
  } catch (error) {
    return { bytes: Buffer.concat(chunks), error };
  }
  return { bytes: Buffer.concat(chunks), error: null };
}

test.each<Fault>(['truncated', 'chunked-cut', 'reset'])(
  'bytes that had arrived are kept when HTTP breaks before they are read: %s',
  async (fault) => {
    web.script(fault);
    const transport = createHttpTransport({ env: {}, ...FAST_LIMITS });
    const { bytes, error } = await readLate(await transport.open(`${web.url}file.bin`, asked));
    expect(bytes.equals(half)).toBe(true);
    expect(error).toBeInstanceOf(Error);
  },
);

test('bytes that had arrived are kept when FTP breaks before they are read, and the process goes on', async () => {
  ftp.script('cut');
  const transport = createFtpTransport(FAST_LIMITS.idleMs);
  const { bytes, error } = await readLate(await transport.open(`${ftp.url}file.bin`, asked));
  expect(bytes.equals(half)).toBe(true);
  expect(error).toMatchObject({ code: 'NETWORK', facts: { status: 426 } });
});
