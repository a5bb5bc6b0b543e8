/** SHA-256 of files on a machine, by whatever program it has for that. POSIX sh. */
import { TapprepError } from '../errors.ts';
import type { Host } from './host.ts';
import { script } from './scripts.ts';

/** Function of sh: the digest of a file, 64 digits; status 3 when no program can tell. */
export const SHA256 = `
sha256() {
  if command -v sha256sum >/dev/null 2>&1; then sha256sum <"$1"
  elif command -v openssl >/dev/null 2>&1; then openssl dgst -sha256 <"$1"
  elif command -v shasum >/dev/null 2>&1; then shasum -a 256 <"$1"
  elif command -v perl >/dev/null 2>&1; then perl -MDigest::SHA -e 'print Digest::SHA->new(256)->addfile(*STDIN)->hexdigest' <"$1"
  else busybox sha256sum <"$1"; fi | sed -n 's/.*\\([0-9a-f]\\{64\\}\\).*/\\1/p'
}
[ "$(sha256 /dev/null)" = e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855 ] || exit 3
`;

const COMPARE = `${SHA256}
cd "$1" || exit 1
while read -r wanted path; do
  found=absent
  [ ! -f "$path" ] || found=$(sha256 "$path")
  [ -n "$found" ] || found=unreadable
  [ "$found" = "$wanted" ] || { echo "$path $found"; exit 0; }
done`;

/**
 * The first file below a directory whose digest is another one, with what it is, "absent" or "unreadable"; null when all are as wanted.
 * @throws TapprepError TOOL_MISSING when nothing there computes SHA-256; DIGEST_MISMATCH where the answer is none
 */
export async function findOtherDigest(
  host: Host,
  directory: string,
  files: readonly { readonly path: string; readonly sha256: string }[],
): Promise<{ readonly path: string; readonly actual: string } | null> {
  const input = files.map(({ sha256, path }) => `${sha256} ${path}\n`).join('');
  const result = await host.run(script(COMPARE, [directory]), { input });
  if (result.exitCode === 3) throw noHasher(host);
  const first = files[0];
  if (result.exitCode !== 0) return first === undefined ? null : { path: first.path, actual: 'absent' };
  if (result.stdout === '') return null;
  const [, path, actual] = /^(.*) (\S+)\n$/.exec(result.stdout) ?? [];
  if (path !== undefined && actual !== undefined) return { path, actual };
  throw new TapprepError('DIGEST_MISMATCH', `the digests of ${directory} on ${host.name} cannot be read`, {
    facts: { said: result.stdout.slice(0, 2000) },
  });
}

/** The error for a machine on which nothing computes SHA-256. */
export function noHasher(host: Host): TapprepError {
  return new TapprepError(
    'TOOL_MISSING',
    `no program on ${host.name} computes SHA-256: looked for sha256sum, openssl, shasum, perl and busybox`,
    { hint: 'install coreutils or openssl there', facts: { tool: 'sha256sum' } },
  );
}
