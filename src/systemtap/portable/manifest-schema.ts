/** The form of manifest.json of a portable SystemTap. Foreign until checked: a path stays inside of its folder. */
import * as z from 'zod';
import { fingerprint, sha256 } from '../../resolve/package-schema.ts';
import type { PortableManifest } from './manifest.ts';

const text = z.string();
/** Relative, with no empty component, and none that leads elsewhere. */
const path = text.min(1).refine((value) => !value.split('/').some((part) => ['', '.', '..'].includes(part)));

export const portableManifestSchema = z.looseObject({
  schema: z.literal('tapprep-systemtap/1'),
  version: text,
  packageVersion: text,
  distro: text,
  suite: text,
  arch: text,
  minimumKernel: text.nullable(),
  loader: text,
  key: text,
  packages: z.array(
    z.looseObject({
      name: text,
      version: text,
      arch: text,
      fileName: text,
      sha256: text,
      index: text,
      signer: fingerprint.nullable(),
    }),
  ),
  files: z.array(
    z.looseObject({
      path,
      sha256,
      bytes: z.number(),
      mode: z.union([z.literal(0o644), z.literal(0o755)]),
      package: text.nullable(),
    }),
  ),
}) satisfies z.ZodType<PortableManifest>;
