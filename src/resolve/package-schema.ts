/** How a package is named, in every saved form that names one: plans and manifests of bundles. */
import * as z from 'zod';
import type { Digest, Fingerprint, MatchEvidence, Role, Sha256 } from '../types.ts';

export const packageRole: z.ZodType<Role> = z.enum([
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
export const matchEvidence: z.ZodType<MatchEvidence> = z.enum([
  'build-id',
  'uname-provide',
  'nevra',
  'version',
  'abi-name',
  'dependency',
]);
export const packageName: z.ZodString = z.string().regex(/^[A-Za-z0-9][\w.+-]{0,200}$/);
export const packageVersion: z.ZodString = z.string().regex(/^[\w.+~^:-]{1,200}$/);
export const packageArch: z.ZodString = z.string().regex(/^[\w-]{1,40}$/);
/** "5.1" */
export const upstreamVersion: z.ZodString = z.string().regex(/^\d{1,4}(?:\.\d{1,4}){1,3}$/);

// Brands exist only for the type checker; the patterns are what makes the values.
export const sha256: z.ZodType<Sha256> = z.string().regex(/^[0-9a-f]{64}$/) as z.ZodType as z.ZodType<Sha256>;
/** Fingerprint of an OpenPGP key. */
export const fingerprint: z.ZodType<Fingerprint> = z
  .string()
  .regex(/^[0-9A-F]{32,64}$/) as z.ZodType as z.ZodType<Fingerprint>;
/** What an index says of a file. */
export const digest: z.ZodType<Digest> = z.strictObject({
  algorithm: z.enum(['sha1', 'sha256', 'sha384', 'sha512']),
  hex: z.string().regex(/^[0-9a-f]{40,128}$/),
});
