/** How a package is named, in every saved form that names one: plans and manifests of bundles. */
import { z } from 'zod';

export const packageRole = z.enum([
  'devel',
  'headers',
  'debuginfo',
  'debuginfo-common',
  'debugsource',
  'image',
  'systemtap',
  'toolchain',
  'dependency',
]);
export const packageName: z.ZodString = z.string().regex(/^[A-Za-z0-9][\w.+-]{0,200}$/);
export const packageVersion: z.ZodString = z.string().regex(/^[\w.+~^:-]{1,200}$/);
export const packageArch: z.ZodString = z.string().regex(/^[\w-]{1,40}$/);

/** Fingerprint of an OpenPGP key. */
export const fingerprint: z.ZodString = z.string().regex(/^[0-9A-F]{32,64}$/);
/** What an index says of a file. */
export const digest = z.strictObject({
  algorithm: z.enum(['sha1', 'sha256', 'sha384', 'sha512']),
  hex: z.string().regex(/^[0-9a-f]{40,128}$/),
});
