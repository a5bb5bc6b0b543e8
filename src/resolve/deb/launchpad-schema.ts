/** The answers of Launchpad's API, as far as they are read. */
import * as z from 'zod';

const text = z.string().max(500);

/** Of getPublishedBinaries. */
export const publications = z.object({
  entries: z.array(z.object({ self_link: text, binary_package_version: text, distro_arch_series_link: text })).max(200),
});

/** Of binaryFileUrls with include_meta. */
export const files = z.array(z.object({ url: text, size: z.int().positive(), sha256: text })).max(20);
