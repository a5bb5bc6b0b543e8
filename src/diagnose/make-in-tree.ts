/** What makes a tree of sources whole, by its own Makefile. Pure. */

export const MAKE_WHOLE = ['olddefconfig', '-j"$(nproc)"'] as const;
