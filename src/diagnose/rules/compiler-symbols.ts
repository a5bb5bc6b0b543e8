/** Symbols that no source calls: a compiler emits them, by its kind and by the options of the kernel. Pure. */
import { text } from '../rule.ts';

/**
 * Guards of the stack, coverage, sanitizers, thunks against speculation, and helpers of arm. The 64-bit division of arm
 * (__aeabi_ldivmod) is missing on purpose: no kernel has it, so it is the source that is wrong there.
 */
const BY_COMPILER = [
  '__stack_chk_(?:guard|fail)',
  '__gcov_\\w{1,40}',
  '__[ku]?asan_\\w{1,40}',
  '__ubsan_\\w{1,40}',
  '__sanitizer_cov_\\w{1,40}',
  '__x86_(?:indirect|return)_thunk\\w{0,20}',
  '__aarch64_(?:cas|swp|ld(?:add|clr|eor|set))\\w{1,20}',
  '__aeabi_(?:unwind_cpp_pr\\d|u?idiv(?:mod)?|l(?:asr|lsl|lsr|mul))',
  '__cfi_\\w{1,60}',
].join('|');

/** modpost, of a module that is being built. */
export const UNDEFINED_BY_COMPILER = text(
  'undefined!',
  new RegExp(`["'\`](${BY_COMPILER})["'\`] \\[\\S{1,300}\\] undefined!`),
);
/** The kernel, of one that was built before; err -22 is said of a symbol that is there in another version. */
export const UNKNOWN_BY_COMPILER = text(
  'nknown symbol',
  new RegExp(`Unknown symbol (${BY_COMPILER}) (?!\\(err -22\\))`),
);
