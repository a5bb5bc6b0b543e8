/** Drivers that a guest needs beside what is built into its kernel, from an unpacked image package. */
import { createReadStream, readdirSync } from 'node:fs';
import type { Readable } from 'node:stream';
import { createGunzip, createZstdDecompress } from 'node:zlib';
import { basename, join } from 'node:path';
import { parseModuleInfo } from '../elf/modinfo.ts';
import { throughDecoder, throughTool } from '../elf/unpack.ts';
import { TapprepError } from '../errors.ts';
import { readTextFile } from '../host/files.ts';
import type { KernelModule } from './initramfs.ts';

const MAX_MODULE_BYTES = 128 * 1024 * 1024;
const MAX_MODULES = 200;

/** By the end of the file name; kernels of some distributions carry compressed modules. */
const FORMATS: readonly (readonly [string, (input: Readable) => AsyncIterable<Buffer>])[] = [
  ['.ko', (input) => input as AsyncIterable<Buffer>],
  ['.ko.gz', (input) => throughDecoder(input, createGunzip())],
  ['.ko.zst', (input) => throughDecoder(input, createZstdDecompress())],
  ['.ko.xz', (input) => throughTool(input, 'xz', ['-dc'])],
];

/**
 * The named modules and all that they depend on, in the order in which insmod takes them. Dependencies are read from the
 * modules themselves: a package that was only unpacked has no modules.dep.
 * @param directory lib/modules/RELEASE on this machine
 * @throws TapprepError NOT_FOUND for a name that is neither a module nor built in, BAD_PACKAGE, TOO_LARGE, TOOL_MISSING
 */
export async function collectKernelModules(
  directory: string,
  names: readonly string[],
): Promise<readonly KernelModule[]> {
  const files = indexModules(directory);
  const builtIn = await readBuiltIn(directory);
  const done = new Map<string, KernelModule>();
  const visiting = new Set<string>();

  const visit = async (name: string): Promise<void> => {
    const key = name.replaceAll('-', '_');
    if (done.has(key) || visiting.has(key)) return;
    const file = files.get(key);
    if (file === undefined) {
      // What is built in has no file; what is neither shows when insmod cannot resolve a symbol, and is reported then.
      if (visiting.size > 0 || builtIn.has(key)) return;
      throw new TapprepError('NOT_FOUND', `there is no module ${name} in ${directory}`, { facts: { name, directory } });
    }
    visiting.add(key);
    if (visiting.size + done.size > MAX_MODULES)
      throw new TapprepError('TOO_LARGE', `${names.join(', ')} need more than ${MAX_MODULES} modules`);
    const data = await readModule(file);
    for (const dependency of parseModuleInfo(data, file).depends) await visit(dependency);
    visiting.delete(key);
    done.set(key, { name: key, data });
  };
  for (const name of names) await visit(name);
  return [...done.values()];
}

/** Names of what is built into the kernel, as its package lists them. */
async function readBuiltIn(directory: string): Promise<ReadonlySet<string>> {
  const text = (await readTextFile(join(directory, 'modules.builtin'))) ?? '';
  return new Set(text.split('\n').map((line) => basename(line.trim(), '.ko').replaceAll('-', '_')));
}

/** Every module file by its name, "-" read as "_" as the kernel does. */
function indexModules(directory: string): ReadonlyMap<string, string> {
  const files = new Map<string, string>();
  for (const entry of readdirSync(directory, { withFileTypes: true, recursive: true })) {
    const format = FORMATS.find(([end]) => entry.name.endsWith(end));
    if (entry.isFile() && format !== undefined)
      files.set(basename(entry.name, format[0]).replaceAll('-', '_'), join(entry.parentPath, entry.name));
  }
  return files;
}

async function readModule(path: string): Promise<Buffer> {
  const format = FORMATS.find(([end]) => path.endsWith(end));
  if (format === undefined) throw new TapprepError('INTERNAL', `${path} is no module`);
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of format[1](createReadStream(path))) {
    size += chunk.length;
    if (size > MAX_MODULE_BYTES) throw new TapprepError('TOO_LARGE', `${path} unpacks to more than any kernel module`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}
