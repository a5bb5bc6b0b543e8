/** What pages of the manual consist of. */

/** A paragraph, terms with what they mean, or lines to be shown as they are. */
export type Block =
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'list'; readonly items: readonly (readonly [term: string, text: string])[] }
  | { readonly kind: 'lines'; readonly lines: readonly string[] };

export const text = (words: string): Block => ({ kind: 'text', text: words });
export const list = (items: readonly (readonly [string, string])[]): Block => ({ kind: 'list', items });
