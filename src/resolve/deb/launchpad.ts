/** Launchpad's API: packages of Ubuntu that no index lists any more. Nothing signs what it answers. */
import { readFile } from 'node:fs/promises';
import { TapprepError } from '../../errors.ts';
import { parseSha256 } from '../../trust/checksums.ts';
import type { Digest, Repository } from '../../types.ts';
import { fileNameOf } from '../location.ts';
import type { ReaderContext } from '../reader.ts';
import { stripEpoch } from './build-version.ts';
import { files, publications } from './launchpad-schema.ts';
import type { DebRecord } from './packages-index.ts';

/** An answer about one name has a few entries of 2 kB, one for each series and pocket. */
const MAX_ANSWER_BYTES = 1024 * 1024;

/**
 * The records of debug packages by name and version: each is asked for by itself, in two requests.
 * What they depend on is not told; debug packages need nothing to be read.
 * @param packages with null for any version, of which the newest publication counts
 * @throws TapprepError NETWORK | NOT_FOUND | OFFLINE | TIMEOUT, BAD_METADATA for an answer of another form
 */
export async function readLaunchpad(
  repository: Repository,
  arch: string,
  packages: readonly { readonly name: string; readonly version: string | null }[],
  context: ReaderContext,
): Promise<readonly DebRecord[]> {
  const base = (repository.baseUrls[0] ?? '').replace(/\/$/, '');
  const records: DebRecord[] = [];
  for (const { name, version } of packages) {
    const { entries } = await ask(
      `${base}?ws.op=getPublishedBinaries&exact_match=true&ordered=true&binary_name=${encodeURIComponent(name)}${version === null ? '' : `&version=${encodeURIComponent(version)}`}`,
      publications,
      context,
    );
    const found = entries.find(
      (entry) =>
        entry.distro_arch_series_link.endsWith(`/${arch}`) &&
        (version === null || stripEpoch(entry.binary_package_version) === version),
    );
    if (found === undefined) continue;
    const publication = requireHostOf(base, found.self_link, name);
    const listed = await ask(`${publication}?ws.op=binaryFileUrls&include_meta=true`, files, context);
    const start = `${name}_${stripEpoch(found.binary_package_version)}_${arch}.`;
    const file = listed.find(({ url }) => URL.canParse(url) && fileNameOf(url)?.startsWith(start) === true);
    const sha256 = parseSha256(file?.sha256 ?? '');
    if (file === undefined || sha256 === null) continue;
    const digest: Digest = { algorithm: 'sha256', hex: sha256 };
    records.push({
      name,
      version: found.binary_package_version,
      arch,
      urls: [requireHostOf(base, file.url, name)],
      sizeBytes: file.size,
      installedBytes: null,
      digest,
      trust: { kind: 'unsigned-index', digest, index: publication, buildId: null },
      repository,
      provides: [],
      requires: [],
      preRequires: [],
      breaks: [],
      isBase: false,
      notAutomatic: false,
      vendor: null,
      buildHost: null,
      buildTime: null,
      source: null,
    });
  }
  return records;
}

/** @throws TapprepError BAD_METADATA where the answer is not of this form */
async function ask<T>(url: string, form: { parse(value: unknown): T }, context: ReaderContext): Promise<T> {
  const { path } = await context.fetchMetadata({
    urls: [url],
    sizeBytes: null,
    digest: null,
    maxBytes: MAX_ANSWER_BYTES,
  });
  try {
    return form.parse(JSON.parse(await readFile(path, 'utf8')));
  } catch (error) {
    throw new TapprepError('BAD_METADATA', `${url} answered with something else than Launchpad's API does`, {
      cause: error,
    });
  }
}

/** An address on the API's own host, or the one whose part it is: api.launchpad.net names files on launchpad.net. */
function requireHostOf(base: string, address: string, name: string): string {
  const own = new URL(base);
  const other = URL.canParse(address) ? new URL(address) : null;
  if (other !== null && other.protocol === own.protocol && `.${own.host}`.endsWith(`.${other.host}`)) return other.href;
  throw new TapprepError(
    'UNSAFE_URL',
    `${own.host} says that ${name} lies at ${address}, which is not on its own host`,
    {
      facts: { url: address },
    },
  );
}
