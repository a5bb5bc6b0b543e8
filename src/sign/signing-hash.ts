/** By which digest a kernel's modules are signed: CONFIG_MODULE_SIG_HASH, which is always one that the kernel can compute. */
import { TapprepError } from '../errors.ts';
import { shellLine } from '../shell-words.ts';
import { run } from '../make-remedy.ts';
import type { Host } from '../host/host.ts';
import { MODULE_HASHES, type ModuleHash } from './module-signature.ts';

/** The newer kernels' default; of a kernel that checks no signatures every one will do. */
const FALLBACK: ModuleHash = 'sha256';

/** @throws TapprepError MODULE_HASH_UNKNOWN */
export async function readSigningHash(host: Host, release: string): Promise<ModuleHash> {
  for (const path of [`/lib/modules/${release}/build/.config`, `/boot/config-${release}`]) {
    const found = parseSigningHash((await host.readText(path)) ?? '');
    if (found !== null) return toHash(found, release);
  }
  return FALLBACK;
}

/** The name that a kernel's configuration gives; null where it gives none. */
function parseSigningHash(config: string): string | null {
  return /^CONFIG_MODULE_SIG_HASH="([^"\n]{1,40})"$/m.exec(config)?.[1] ?? null;
}

function toHash(name: string, release: string): ModuleHash {
  const known = MODULE_HASHES.find((hash) => hash === name);
  if (known !== undefined) return known;
  throw new TapprepError(
    'MODULE_HASH_UNKNOWN',
    `${release} wants its modules signed over ${name}, but what can be computed here is ${MODULE_HASHES.join(', ')}`,
    { remedy: run(shellLine`/lib/modules/${release}/build/scripts/sign-file ${name} KEY CERTIFICATE MODULE`) },
  );
}
