/** Reads servers that have no metadata: by their index pages, or by asking for one file name after the other. */
import { readFile } from 'node:fs/promises';
import { TapprepError } from '../../errors.ts';
import type { BuildId, Repository, TrustRequirement } from '../../types.ts';
import { formatRpmFileName, parseRpmFileName, type RpmFileName } from '../rpm-file-name.ts';
import type { PackageRecord, ReaderContext, RecordFilter } from '../reader.ts';
import { parseIndexPage } from './index-page.ts';

/** oss.oracle.com serves several megabytes. */
const MAX_PAGE_BYTES = 32 * 1024 * 1024;
const FOUND = 200;
/** What servers answer for a file that is not there; some forbid what they do not have. */
const ABSENT: readonly number[] = [403, 404, 410];

/**
 * Reads the index page of a directory of packages. Nothing vouches for such a page: a record has neither digest nor size,
 * and the signature in the package decides.
 * @throws TapprepError NETWORK | NOT_FOUND | OFFLINE | TIMEOUT | UNSAFE_URL | TOO_LARGE
 */
export async function readListing(
  repository: Repository,
  _arch: string,
  filter: RecordFilter,
  context: ReaderContext,
): Promise<readonly PackageRecord[]> {
  const { path, url } = await context.fetchMetadata({
    urls: repository.baseUrls,
    sizeBytes: null,
    digest: null,
    maxBytes: MAX_PAGE_BYTES,
  });
  const baseUrl = repository.baseUrls.find((base) => base === url) ?? repository.baseUrls[0] ?? url;
  const names = parseIndexPage(await readFile(path, 'utf8'), baseUrl);
  return names.flatMap((fileName) => {
    const found = parseRpmFileName(fileName);
    if (found === null || found.arch === 'src' || !filter.wantsName(found.name)) return [];
    const others = repository.baseUrls.filter((base) => base !== baseUrl);
    return [toRecord(found, repository, [baseUrl, ...others], null, filter.buildId ?? null)];
  });
}

/**
 * Asks a server for each of `filter.fileNames`, without their bodies.
 * @throws TapprepError NETWORK | OFFLINE | TIMEOUT | UNSAFE_URL when no base URL has a file and not every one says so
 */
export async function readTemplate(
  repository: Repository,
  _arch: string,
  filter: RecordFilter,
  context: ReaderContext,
): Promise<readonly PackageRecord[]> {
  const records: PackageRecord[] = [];
  for (const fileName of filter.fileNames ?? []) {
    const found = parseRpmFileName(fileName);
    if (found === null) continue;
    const answer = await findFile(fileName, repository, context);
    if (answer === null) continue;
    records.push(toRecord(found, repository, answer.baseUrls, answer.sizeBytes, filter.buildId ?? null));
  }
  return records;
}

interface FoundFile {
  /** The one that has it first. */
  readonly baseUrls: readonly string[];
  readonly sizeBytes: number | null;
}

/** The first base URL that has the file; null when every one says that it has not. */
async function findFile(fileName: string, repository: Repository, context: ReaderContext): Promise<FoundFile | null> {
  let failure: unknown = null;
  for (const base of repository.baseUrls) {
    try {
      const { status, sizeBytes } = await context.probe(fileUrl(base, fileName));
      if (status === FOUND) {
        return { baseUrls: [base, ...repository.baseUrls.filter((other) => other !== base)], sizeBytes };
      }
      if (!ABSENT.includes(status))
        failure = new TapprepError('NETWORK', `${fileUrl(base, fileName)} answered ${status} to HEAD`, {
          facts: { status },
        });
    } catch (error) {
      if (context.signal.aborted) throw error;
      failure = error;
    }
  }
  if (failure !== null) throw failure;
  return null;
}

function fileUrl(base: string, fileName: string): string {
  return new URL(encodeURIComponent(fileName).replaceAll('%2B', '+').replaceAll('%7E', '~'), base).href;
}

function toRecord(
  found: RpmFileName,
  repository: Repository,
  baseUrls: readonly string[],
  sizeBytes: number | null,
  buildId: BuildId | null,
): PackageRecord {
  const fileName = formatRpmFileName(found);
  const trust: TrustRequirement = {
    kind: 'rpm-signature',
    trust: repository.trust,
    digest: null,
    vendor: null,
    buildId,
  };
  return {
    ...found,
    urls: baseUrls.map((base) => fileUrl(base, fileName)),
    sizeBytes,
    installedBytes: null,
    digest: null,
    trust,
    repository,
    provides: [],
    requires: [],
    vendor: null,
    buildHost: null,
    buildTime: null,
    source: null,
  };
}
