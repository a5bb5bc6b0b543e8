/** One <package> of primary.xml. Pure. */
import type { Digest } from '../../types.ts';
import { formatEvr } from '../../version/evr.ts';
import { parseDigest } from './digest.ts';
import { badXml, readXml } from './xml.ts';

/** A package as primary.xml describes it. */
export interface PrimaryPackage {
  readonly name: string;
  readonly arch: string;
  /** [epoch:]version-release, epoch 0 left out. */
  readonly evr: string;
  readonly digest: Digest | null;
  readonly sizeBytes: number | null;
  readonly installedBytes: number | null;
  /** Seconds since the epoch. */
  readonly buildTime: number | null;
  readonly buildHost: string | null;
  readonly vendor: string | null;
  readonly sourceRpm: string | null;
  /** As written; not yet checked. */
  readonly href: string;
  /** xml:base of the location; null when it is the repository's own. */
  readonly hrefBase: string | null;
  /** `name` or `name = [epoch:]version[-release]`, without the symbols of kernels. */
  readonly provides: readonly string[];
  readonly requires: readonly string[];
}

const OPERATORS: Readonly<Record<string, string>> = { EQ: '=', LT: '<', LE: '<=', GT: '>', GE: '>=' };
/** What kernels provide by the thousand and no package of a plan asks for. */
const BULK = /^(?:ksym|kernel|kmod|modalias)\(/;
/** The same as createrepo writes it, cut out before parsing: a kernel has thousands, and a parser takes its time. */
const BULK_ENTRIES = /<rpm:entry name="(?:ksym|kernel|kmod|modalias)\([^"<>]*"[^<>]*\/>/g;

type Attributes = Readonly<Record<string, string>>;

/**
 * Reads one `<package>…</package>`.
 * @param name of the index, for messages
 * @throws TapprepError BAD_METADATA
 */
export function parsePackageFrame(frame: string, name: string): PrimaryPackage {
  const texts: Record<string, string> = {};
  const attributes: Record<string, Attributes> = {};
  const provides: string[] = [];
  const requires: string[] = [];
  readXml(frame.replaceAll(BULK_ENTRIES, ''), name, {
    open(element, path) {
      if (path === 'package/format/provides/entry') addCapability(provides, element.attributes);
      else if (path === 'package/format/requires/entry') addCapability(requires, element.attributes);
    },
    close(element, path, text) {
      if (path in texts || path.endsWith('/entry') || path.endsWith('/file')) return;
      texts[path] = text;
      attributes[path] = element.attributes;
    },
  });
  const required = (path: string, value: string | undefined): string => {
    if (value !== undefined && value !== '') return value;
    throw badXml(name, `an entry has no ${path} (${texts['package/name'] ?? 'without a name'})`);
  };
  const version = attributes['package/version'] ?? {};
  const checksum = attributes['package/checksum'] ?? {};
  const size = attributes['package/size'] ?? {};
  const location = attributes['package/location'] ?? {};
  return {
    name: required('name', texts['package/name']),
    arch: required('arch', texts['package/arch']),
    evr: formatEvr(
      version['epoch'] ?? null,
      required('version ver', version['ver']),
      required('version rel', version['rel']),
    ),
    digest: parseDigest(checksum['type'], texts['package/checksum'] ?? ''),
    sizeBytes: parseCount(size['package']),
    installedBytes: parseCount(size['installed']),
    buildTime: parseCount(attributes['package/time']?.['build']),
    buildHost: texts['package/format/buildhost'] || null,
    vendor: texts['package/format/vendor'] || null,
    sourceRpm: texts['package/format/sourcerpm'] || null,
    href: required('location href', location['href']),
    hrefBase: location['xml:base'] ?? null,
    provides,
    requires,
  };
}

/** The version of a capability is split in the index: ver="5.14.0" rel="547.el9.x86_64+debug" is one uname -r. */
function addCapability(list: string[], attributes: Attributes): void {
  const name = attributes['name'] ?? '';
  if (name === '' || BULK.test(name)) return;
  const { ver, rel } = attributes;
  const operator = OPERATORS[attributes['flags'] ?? ''];
  if (ver === undefined || operator === undefined) list.push(name);
  else
    list.push(
      `${name} ${operator} ${formatEvr(attributes['epoch'] ?? null, ver, rel === undefined || rel === '' ? null : rel)}`,
    );
}

function parseCount(text: string | undefined): number | null {
  return text !== undefined && /^\d{1,15}$/.test(text) ? Number(text) : null;
}
