/** Where the Release file of a Debian repository lies. Pure. */
import { TapprepError } from '../../errors.ts';
import type { Repository } from '../../types.ts';

/** The directory of the Release file below a base URL: dists/SUITE/, or the suite itself where it is a flat directory. */
export function releaseDirectory(repository: Repository): string {
  const suite = repository.suite ?? '';
  if (suite.split('/').includes('..') || suite.startsWith('/')) {
    throw new TapprepError(
      'UNSAFE_URL',
      `repository ${repository.id} names suite ${JSON.stringify(suite)}, which leads outside`,
    );
  }
  if (suite === '' || suite.endsWith('/')) return suite === '/' ? '' : suite.replace(/^\.\//, '');
  return `dists/${suite}/`;
}
