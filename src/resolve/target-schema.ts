/** The form of a target in every saved form that names one: plans and manifests of bundles. */
import * as z from 'zod';
import { OWN_PATH } from '../detect/own-kernel.ts';
import type { BuildId, DebKernelFamily, RpmKernelFamily, Target } from '../types.ts';

const RPM_FAMILIES = {
  el: true,
  el4: true,
  el5: true,
  el5rt: true,
  'el-raspi': true,
  openvz: true,
  openvz5: true,
  centosplus: true,
  centosplus6: true,
  elrepo: true,
  'azurelinux-mshv': true,
  qubes: true,
  uek: true,
  uek1: true,
  uek5: true,
  ueknext: true,
  fedora: true,
  fedora5: true,
  fedora6: true,
  fedora9: true,
  amazon: true,
  'amazon-namespaced': true,
  suse: true,
  'suse-head': true,
  suse11: true,
  suse111: true,
  suse10: true,
  photon: true,
  photon1: true,
  'photon1-esx': true,
  azurelinux: true,
  openeuler: true,
  ctyunos: true,
  hce: true,
  'openeuler-raspi': true,
  opencloudos: true,
  tlinux: true,
  mageia: true,
  mageia9: true,
  alt: true,
  bclinux: true,
  anolis: true,
  alibaba: true,
  kylin: true,
  'uos-e': true,
  'uos-a': true,
  cgsl: true,
  euleros: true,
  euleros3: true,
  rpm: true,
} as const satisfies Record<RpmKernelFamily, true>;
const DEB_FAMILIES = {
  debian: true,
  gardenlinux: true,
  kops: true,
  deepin: true,
  ubuntu: true,
  deb: true,
  pve: true,
  proxmox: true,
} as const satisfies Record<DebKernelFamily, true>;

/** One word of bundle.txt. */
export const word: z.ZodString = z.string().regex(/^[\w.+~^:@-]{1,200}$/);
/** One line that may be printed: no control characters. */
export const line: z.ZodString = z
  .string()
  .max(4000)
  .regex(/^[^\u0000-\u001f\u007f]*$/);
/** A brand exists only for the type checker; the pattern is what makes the value one. */
export const buildId: z.ZodType<BuildId> = z.string().regex(/^[0-9a-f]{16,64}$/) as z.ZodType as z.ZodType<BuildId>;

/** A path as --build-tree and --vmlinux take it; kbuild takes no other. */
const ownPath = z.string().max(4000).regex(OWN_PATH).nullable();

const base = {
  distro: word,
  version: word.nullable(),
  codename: word.nullable(),
  arch: word,
  release: word,
  unameV: line.max(200).nullable(),
  buildId: buildId.nullable(),
  packageArch: word,
  own: z.strictObject({ buildTree: ownPath, vmlinux: ownPath }).exactOptional(),
};

export const targetSchema: z.ZodType<Target> = z.discriminatedUnion('family', [
  z.strictObject({
    family: z.literal('deb'),
    ...base,
    kernelFamily: z.enum(keysOf(DEB_FAMILIES)),
    // Empty where a tree was named whose release has none.
    flavour: z.union([word, z.literal('')]),
    packageVersion: word.nullable(),
  }),
  z.strictObject({
    family: z.literal('rpm'),
    ...base,
    kernelFamily: z.enum(keysOf(RPM_FAMILIES)),
    stem: word,
    stemIsSeen: z.literal(true).exactOptional(),
    variant: word.nullable(),
    versionRelease: word,
  }),
]);

function keysOf<Key extends string>(table: Readonly<Record<Key, true>>): readonly Key[] {
  return Object.keys(table) as Key[];
}
