/** Repository XML, read by sax in strict mode: small documents and single package frames, never a whole index. Pure. */
import sax from 'sax';
import { messageOf, TapprepError } from '../../errors.ts';

/** One element as it is met; `name` is without its namespace prefix. */
export interface XmlElement {
  readonly name: string;
  readonly attributes: Readonly<Record<string, string>>;
}

export interface XmlHandler {
  /** `path` ends in the element's own name; elements are joined by "/". */
  open?(element: XmlElement, path: string): void;
  /** At the end of each element: the text directly inside it, trimmed. */
  close?(element: XmlElement, path: string, text: string): void;
}

const MAX_DEPTH = 64;
const DOCTYPE = 'it declares a document type, which repository metadata never has';

/**
 * Walks a document. A document type is refused, so that no entity can be declared and none expands but the five of XML.
 * @param name what is read, for messages
 * @throws TapprepError BAD_METADATA
 */
export function readXml(text: string, name: string, handler: XmlHandler): void {
  const parser = startParser(name, handler);
  try {
    parser.write(text).close();
  } catch (error) {
    if (error instanceof TapprepError) throw error;
    throw badXml(name, firstLine(error), error);
  }
}

/** Reads the start of a document that is not complete: up to and with its root element's start tag. */
export function readXmlStart(text: string, name: string): XmlElement {
  // A declaration may enclose what looks like the root element, so that the parser never sees its end.
  if (/<!DOCTYPE/i.test(text)) throw badXml(name, DOCTYPE);
  let root: XmlElement | null = null;
  const parser = startParser(name, { open: (element) => void (root ??= element) });
  try {
    parser.write(text);
  } catch (error) {
    if (error instanceof TapprepError) throw error;
    throw badXml(name, firstLine(error), error);
  }
  if (root === null) throw badXml(name, 'it has no root element');
  return root;
}

function startParser(name: string, handler: XmlHandler): sax.SAXParser {
  // strictEntities: HTML's entity names are no part of XML.
  const options: sax.SAXOptions & { strictEntities: boolean } = { position: false, strictEntities: true };
  const parser = sax.parser(true, options);
  const open: { readonly element: XmlElement; readonly path: string; text: string }[] = [];
  const addText = (text: string): void => {
    const last = open.at(-1);
    if (last !== undefined) last.text += text;
  };
  return Object.assign(parser, {
    onerror(error: Error) {
      throw badXml(name, firstLine(error), error);
    },
    ondoctype() {
      throw badXml(name, DOCTYPE);
    },
    onopentag(tag: sax.Tag | sax.QualifiedTag) {
      const element = { name: localName(tag.name), attributes: tag.attributes as Record<string, string> };
      const parent = open.at(-1);
      const path = parent === undefined ? element.name : `${parent.path}/${element.name}`;
      if (open.length >= MAX_DEPTH) throw badXml(name, `its elements are nested more than ${MAX_DEPTH} deep`);
      open.push({ element, path, text: '' });
      handler.open?.(element, path);
    },
    onclosetag() {
      const last = open.pop();
      if (last !== undefined) handler.close?.(last.element, last.path, last.text.trim());
    },
    ontext: addText,
    oncdata: addText,
  });
}

function localName(name: string): string {
  return name.slice(name.indexOf(':') + 1);
}

function firstLine(error: unknown): string {
  return messageOf(error).split('\n', 1)[0] ?? '';
}

/** The one way to say that a document is not what its format demands. */
export function badXml(name: string, what: string, cause?: unknown): TapprepError {
  return new TapprepError('BAD_METADATA', `${name} cannot be believed: ${what}`, cause === undefined ? {} : { cause });
}
