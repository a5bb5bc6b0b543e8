/** Words of releases that more than one table reads. */

/** Package architectures, as the alternatives of an expression. */
export const ARCHES = 'x86_64(?:_v2)?|i[3-6]86|aarch64|ppc64(?:le|p7)?|s390x?|armv[67]hn?l|riscv64|loongarch64|ia64';

/** The ABI of the Ubuntu mainline archive: 040440 of 4.4.40, 0612111 of 6.12.111, 050800rc1, of each day 999. */
export const MAINLINE_ABI = String.raw`0\d{5,6}(?:rc\d+)?|999`;
