/** Foreign text inside markup. Pure. */
import { escapeControl, redact } from '../errors.ts';

const ENTITIES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

/**
 * Text for an element or a quoted attribute of HTML or XML. Control characters, and the code points that XML 1.0
 * (section 2.2) cannot carry in any form, are shown as \xNN or \uNNNN; lone surrogates become U+FFFD.
 */
export function escapeMarkup(text: string): string {
  return escapeControl(redact(text).toWellFormed())
    .replace(/[\ufffe\uffff]/g, (char) => `\\u${char.charCodeAt(0).toString(16)}`)
    .replace(/[&<>"']/g, (char) => ENTITIES[char] ?? char);
}

/** The same for an attribute of XML, where a parser would turn line ends and tabs into spaces (section 3.3.3). */
export function escapeAttribute(text: string): string {
  return escapeMarkup(text).replaceAll('\n', '&#10;').replaceAll('\t', '&#9;');
}
