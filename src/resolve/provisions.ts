/** A plan's items by their kind. Pure. */
import type { FileItem, FolderItem, PlanItem, Provision } from '../types.ts';

/** The packages and images, without what folders are made of. */
export function packagesOf(items: readonly Provision[]): readonly PlanItem[] {
  return items.filter((item) => item.kind !== 'folder' && item.kind !== 'file');
}

/** Single files that nobody signed. */
export function looseFilesOf(items: readonly Provision[]): readonly FileItem[] {
  return items.filter((item) => item.kind === 'file');
}

/** The folders, what is tried first first. */
export function foldersOf(items: readonly Provision[]): readonly FolderItem[] {
  return items.filter((item) => item.kind === 'folder');
}

/**
 * The folders that a machine has yet to get: none where one of them is the SystemTap that was proven there.
 * @param stap path of the stap that counts on that machine, null for none
 */
export function lackingFolders(items: readonly Provision[], stap: string | null): readonly FolderItem[] {
  const folders = foldersOf(items);
  return folders.some(({ place }) => stap?.startsWith(`${place}/`) === true) ? [] : folders;
}

/** Every package that a plan has to have here, each once: two folders may take from the same package. */
export function filesOf(items: readonly Provision[]): readonly PlanItem[] {
  const all = items.flatMap((item) => (item.kind === 'folder' ? item.packages : item.kind === 'file' ? [] : [item]));
  const byKey = new Map<string, PlanItem>();
  for (const item of all) {
    const key = fileKey(item);
    // What is to be installed as well stays so.
    if (byKey.get(key)?.install !== true) byKey.set(key, item);
  }
  return [...byKey.values()];
}

/** The same for two items that are one file. */
export function fileKey({ fileName, trust, urls }: PlanItem): string {
  return `${fileName} ${trust.digest?.hex ?? urls[0] ?? ''}`;
}

/** The kernel itself, whether it is installed or only unpacked. */
export function imagesOf(items: readonly Provision[]): readonly PlanItem[] {
  return packagesOf(items).filter(({ role }) => role === 'image');
}
