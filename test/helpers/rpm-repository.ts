/** A Repository value for tests, unsigned unless told. */
import type { Repository, RepositoryTrust } from '../../src/types.ts';

const TRUST: RepositoryTrust = { metadata: 'unsigned', packages: 'signed', fingerprints: [], keyrings: [], allow: [] };

/** An rpm-md repository at these base URLs. */
export function rpmRepository(
  baseUrls: readonly string[],
  trust: Partial<RepositoryTrust> = {},
  more: Partial<Repository> = {},
): Repository {
  return {
    id: 'test',
    kind: 'rpm-md',
    baseUrls,
    suite: null,
    components: [],
    origin: 'override',
    vendor: 'CentOS',
    content: ['devel', 'debuginfo'],
    state: 'live',
    trust: { ...TRUST, ...trust },
    allowExpiredRelease: false,
    ...more,
  };
}
