/** Puts a portable SystemTap into a root in a process of its own, whose mounts may differ: argv is folder, root, prefix. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { isTapprepError } from '../../src/errors.ts';
import { createRootHost } from '../../src/host/root.ts';
import { parseManifest } from '../../src/systemtap/portable/manifest.ts';
import { placePortable } from '../../src/systemtap/portable/place.ts';

const [directory = '', root = '', prefix = ''] = process.argv.slice(2);
const manifest = parseManifest(readFileSync(join(directory, 'manifest.json'), 'utf8'), directory);

async function work(): Promise<unknown> {
  try {
    const placed = await placePortable({
      host: createRootHost(root),
      portable: { directory, manifest },
      prefix,
      release: '6.1.0-56-cloud-amd64',
      arch: 'x86_64',
      tapprepVersion: '0.0.0',
      emit: () => undefined,
      now: Date.now,
      signal: new AbortController().signal,
    });
    return { prefix: placed.prefix, changed: placed.changed };
  } catch (error) {
    if (!isTapprepError(error)) throw error;
    return { code: error.code, message: error.message, remedy: error.remedy };
  }
}

process.stdout.write(`${JSON.stringify(await work())}\n`);
