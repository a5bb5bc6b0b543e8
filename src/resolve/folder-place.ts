/** Where portable SystemTaps lie on a target. Pure. */

/** Everything of tapprep that is more than a record lies below it. */
export const PREFIX = '/opt/tapprep';

/** The places that a folder of a plan, a bundle or a record may have, and no other. */
export const FOLDER_PLACE = /^\/opt\/tapprep\/systemtap-\d{1,4}(?:\.\d{1,4}){1,3}$/;

/** The places of those that were mended; the digits tell what by. */
export const MENDED_PLACE = /^\/opt\/tapprep\/systemtap-\d{1,4}(?:\.\d{1,4}){1,3}-mended-[0-9a-f]{12}$/;

/** Where a package puts staprun, or tapprep a SystemTap of its own, and no other file of the name. */
export function isPlaceOfStaprun(path: string): boolean {
  const place = path.replace(/\/bin\/staprun$/, '');
  return /^(?:\/usr)?\/s?bin\/staprun$/.test(path) || FOLDER_PLACE.test(place) || MENDED_PLACE.test(place);
}

/** "systemtap-5.1" */
export function folderName(upstream: string): string {
  return `systemtap-${upstream}`;
}

/** "/opt/tapprep/systemtap-5.1" */
export function placeOfVersion(upstream: string): string {
  return `${PREFIX}/${folderName(upstream)}`;
}

/** "/opt/tapprep/systemtap-4.8-mended-0123456789ab" */
export function placeOfMended(upstream: string, key: string): string {
  return `${placeOfVersion(upstream)}-mended-${key}`;
}
