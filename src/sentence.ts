/** Where a text becomes a sentence, and where a renderer takes it as text again. */
import type { Sentence } from './types.ts';

/** Makes a sentence of what an observer has to say. */
export function say(text: string): Sentence {
  return text as unknown as Sentence;
}

/** The text of a sentence, for a renderer or an error's message; never to find out what it means. */
export function textOf(sentence: Sentence): string {
  return sentence as unknown as string;
}

/** A text as it begins a sentence. */
export function upperFirst(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}
