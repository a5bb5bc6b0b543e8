/** What compiles a module: compiler, make and a place to write to. */
import { parseToolVersion } from '../../detect/toolchain.ts';
import { install } from '../../make-remedy.ts';
import { advice, type Check, fine, problem, unknown } from '../finding.ts';

/** The compiler, beside the kernel's own. */
export const checkCompiler: Check = (view) => {
  const { compiler, kernel } = view.facts;
  if (compiler === null) {
    return [
      problem(
        view,
        'compiler',
        'GCC_OR_BUILD_MISMATCH',
        'There is no C compiler, and every script is compiled to a kernel module.',
        { evidence: ['gcc: not found'], remedies: [install(['gcc'], 'toolchain')] },
      ),
    ];
  }
  const own = kernel.compiler === null ? null : parseToolVersion(kernel.compiler);
  if (own === null || kernel.compiler === null)
    return [unknown('compiler', `${compiler.path} ${compiler.version}; the kernel does not tell its own.`)];
  const evidence = [`kernel: ${kernel.compiler}`, `${compiler.path}: ${compiler.version}`];
  const clang = /clang/i.test(kernel.compiler);
  if (clang !== compiler.path.includes('clang')) {
    const detail = `The kernel was built with ${clang ? 'clang' : 'gcc'} ${own} but ${compiler.path} ${compiler.version} would compile the modules.`;
    return [advice(view, 'compiler', 'GCC_OR_BUILD_MISMATCH', detail, { evidence, confidence: 'possible' })];
  }
  if (major(own) !== major(compiler.version)) {
    const detail = `The kernel was built with version ${own} of the compiler but ${compiler.path} is ${compiler.version}; options of the one may be unknown to the other.`;
    return [advice(view, 'compiler', 'GCC_OR_BUILD_MISMATCH', detail, { evidence, confidence: 'possible' })];
  }
  return [fine('compiler', `${compiler.path} ${compiler.version}, as the kernel's (${own}).`)];
};

/** make, which kbuild is made of. */
export const checkMake: Check = (view) => {
  const { make } = view.facts;
  if (make !== null) return [fine('make', `${make.path} ${make.version}.`)];
  return [
    problem(
      view,
      'make',
      'GCC_OR_BUILD_MISMATCH',
      "There is no make, and modules are built with the kernel's own makefiles.",
      { evidence: ['make: not found'], remedies: [install(['make'], 'toolchain')] },
    ),
  ];
};

/** gcc 4 was 4.8 or 4.4: before 5 the second number counted. */
function major(version: string): string {
  const [first = '', second = ''] = version.split('.');
  return Number(first) < 5 ? `${first}.${second}` : first;
}
