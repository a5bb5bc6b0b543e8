/** Words that releases of every rpm distribution may end in. */

/** Package architectures, as the alternatives of an expression. */
export const ARCHES = 'x86_64(?:_v2)?|i[3-6]86|aarch64|ppc64(?:le|p7)?|s390x?|armv[67]hn?l|riscv64|loongarch64|ia64';
