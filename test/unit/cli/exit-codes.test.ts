import { describe, expect, it } from 'vitest';
import { errorJson, renderError } from '../../../src/cli/exit-codes.ts';
import { TapprepError } from '../../../src/errors.ts';

const failed = new TapprepError('INSTALL_FAILED', 'dpkg on this host exited 1: see its words', {
  hint: 'dpkg --audit',
  facts: {
    output: 'Unpacking linux-image-5.10.0-32-cloud-amd64-dbg (5.10.223-1) ...',
    stderr:
      "dpkg: error processing archive x.deb: cannot copy extracted data for './usr/lib/debug/vmlinux': No space left on device",
  },
});

describe('an error of a stage', () => {
  it('ends with what the words of the tool that failed mean', () => {
    const text = renderError(failed, false);
    expect(text).toMatch(
      /^tapprep: INSTALL_FAILED: .*\n {2}try: dpkg --audit\n\nWhat its words mean:\n1\. NO_SPACE \(certain\)/,
    );
    expect(text).toContain('| dpkg: error processing archive');
    expect(errorJson(failed)).toMatchObject({ error: { code: 'INSTALL_FAILED', diagnoses: [{ code: 'NO_SPACE' }] } });
  });

  it('says nothing more where no tool spoke, or where nobody knows its words', () => {
    const own = new TapprepError('NO_EXACT_PACKAGE', 'a but not b', { hint: 'tapprep plan', facts: { wanted: 'a' } });
    const unknown = new TapprepError('INSTALL_FAILED', 'rpm exited 3', { facts: { stderr: 'something new' } });
    expect(renderError(own, false)).toBe('tapprep: NO_EXACT_PACKAGE: a but not b\n  try: tapprep plan\n');
    expect(renderError(unknown, false)).toBe('tapprep: INSTALL_FAILED: rpm exited 3\n');
    expect(errorJson(unknown)).toMatchObject({ error: { diagnoses: [] } });
  });
});
