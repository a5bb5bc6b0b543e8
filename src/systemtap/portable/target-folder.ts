/** The folder of a portable SystemTap on a target: what differs between machines. Types only. */
import type { PortableSystemtap } from './kept.ts';
import type { PortableManifest } from './manifest.ts';

/** All paths are the target's. */
export interface TargetFolder {
  /** Whether this very SystemTap is there already, whole. */
  holds(path: string, manifest: PortableManifest): Promise<boolean>;
  /** Copies it into a new directory, the marker first; every file is checked. */
  fill(path: string, portable: PortableSystemtap, signal: AbortSignal): Promise<void>;
  /** The mount point that the path lies on, when nothing on it may be executed; else null. */
  findNoexecMount(path: string): Promise<string | null>;
}
