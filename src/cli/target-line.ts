/** One machine a line, as a JSON object: what `names --batch` answers and `plan --inventory` reads. */
import type { DeclaredHost } from '../detect/target.ts';
import { escapeControl, TapprepError } from '../errors.ts';

/** A target in JSON is some 200 characters; what is longer than this is none. */
export const MAX_LINE_CHARS = 16_384;

/** The object that a line holds. @throws TapprepError USAGE */
export function parseRequest(line: string | null): Readonly<Record<string, unknown>> {
  if (line === null) throw badRequest(`is longer than ${MAX_LINE_CHARS} characters`);
  const value = parseJson(line);
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw badRequest('is no JSON object');
  return value as Record<string, unknown>;
}

function parseJson(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch (error) {
    throw badRequest('is no JSON', error);
  }
}

/** The machine that it describes. @throws TapprepError USAGE */
export function hostOf(request: Readonly<Record<string, unknown>>): DeclaredHost {
  refuseMisspelt(request);
  const kernel = readText(request, 'kernel');
  if (kernel === null) throw badRequest('has no "kernel"');
  const distro = readText(request, 'distro');
  if (distro?.includes(':') === true) {
    throw badRequest(`has "${escapeControl(distro.slice(0, 80))}" as its "distro", whose version belongs in "version"`);
  }
  return {
    distro,
    version: readText(request, 'version'),
    kernel,
    arch: readText(request, 'arch'),
    unameV: readText(request, 'unameV'),
  };
}

const KEYS = ['distro', 'version', 'kernel', 'arch', 'unameV'];

function plain(key: string): string {
  return key.replaceAll(/[-_ ]/g, '').toLowerCase();
}

/** Other keys are the caller's own; one that is written nearly as ours, in its place, is a slip that would lose what it says. */
function refuseMisspelt(request: Readonly<Record<string, unknown>>): void {
  for (const key of Object.keys(request)) {
    const meant = KEYS.find((each) => !Object.hasOwn(request, each) && plain(each) === plain(key));
    if (meant !== undefined) throw badRequest(`has "${escapeControl(key.slice(0, 80))}", which is written "${meant}"`);
  }
}

/** A text of it; null where it has none. @throws TapprepError USAGE */
export function readText(request: Readonly<Record<string, unknown>>, key: string): string | null {
  const value = request[key] ?? null;
  if (value === null || typeof value === 'string') return value;
  throw badRequest(`has a "${key}" that is no string`);
}

function badRequest(what: string, cause?: unknown): TapprepError {
  return new TapprepError('USAGE', `the line ${what}, but a target is one JSON object a line`, {
    hint: `echo '{"id":"1","distro":"centos","version":"7","kernel":"3.10.0-1160.el7.x86_64"}' | tapprep names --batch`,
    cause,
  });
}
