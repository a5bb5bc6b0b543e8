/** The package of headers that belongs to the image which the log shows as installed, by the image's own name. Pure. */
import type { Situation } from './situation.ts';

export interface Beside {
  readonly image: string;
  readonly headers: string;
}

/** Null where no such image is shown, or its name does not tell. */
export function besideImage({ release, log, host }: Pick<Situation, 'release' | 'log' | 'host'>): Beside | null {
  if (release === null) return null;
  const listed = [...log.imagePackages, ...(host?.kernelPackages ?? []).map(({ name }) => name)];
  const image = listed.find((name) => isOf(name, release));
  if (image !== undefined) return { image, headers: image.replace(/(^|-)image(?:-unsigned)?-/, '$1headers-') };
  // rpm: kernel-NAME-V-R.ARCH, whose development package has a word more before the version.
  const rpm = log.packages.find(
    (one) => one.installed && one.kind === 'image' && one.name.startsWith('kernel-') && isRpmOf(one.release, release),
  );
  if (rpm === undefined) return null;
  const bare = rpm.name.replace(/-core$/, '');
  return { image: `${rpm.name}-${rpm.release}`, headers: `${bare}-devel-${rpm.release}` };
}

/** As dpkg names packages; what is no name, apt-get would take for a file, an address or an option. */
const NAME = /^[A-Za-z0-9][\w.+~-]*$/;

/** rbp2-image-4.19.55-6-osmc; or linux-image-FAMILY where the release ends in the family, two words at least. */
function isOf(name: string, release: string): boolean {
  if (!NAME.test(name)) return false;
  const [, family = ''] = /(?:^|-)image-(?:unsigned-)?(.+)$/.exec(name) ?? [];
  return family === release || (/^[a-z]\w*-\w/.test(family) && release.endsWith(`-${family}`));
}

/** The release is the package's own, or its version with the builder's word for the rest: 6.1.35-x of 6.1.35-1.x.el7.x86_64. */
function isRpmOf(packaged: string, release: string): boolean {
  if (packaged === release) return true;
  const [, version, word] = /^(\d[\d.]*)-([a-z]\w{2,20})$/.exec(release) ?? [];
  return version !== undefined && word !== undefined && packaged.startsWith(`${version}-`) && packaged.includes(word);
}
