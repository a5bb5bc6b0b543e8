/** Takes out of a log what tells whose machine it is: names, addresses, secrets. Pure. */
import { redact } from '../../errors.ts';

/** Each with what stands there instead. Versions look like addresses, so those need a blank or a bracket before them. */
const PERSONAL: readonly (readonly [RegExp, string])[] = [
  [/\b[\w.+-]{1,64}@[\w-]{1,63}(?:\.[\w-]{1,63}){1,8}\b/g, 'user@example.org'],
  [/(^|\s|\[)[a-z_][\w-]{0,31}@[\w.-]{1,64}(?=[:\s])/gm, '$1user@host'],
  [/\bLinux \S{1,64} (?=\d+\.\d+)/g, 'Linux host '],
  [/\/home\/[^/\s:"']{1,64}/g, '/home/user'],
  [/(?<=^|[\s[(='"/])(?:\d{1,3}\.){3}\d{1,3}(?=$|[\s\])'",:/])(?![-.\w])/gm, '192.0.2.1'],
  [/\b(?:[0-9a-f]{2}:){5}[0-9a-f]{2}\b/gi, '00:00:5e:00:53:00'],
  [/^((?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec) [ \d]\d \d\d:\d\d:\d\d) \S{1,64}/gm, '$1 host'],
  [
    /((?:token|passw(?:or)?d|secret|api[-_]?key|authorization)["']?\s?[:=]\s?)(?:"[^"]{0,400}"|'[^']{0,400}'|\S{1,400})/gi,
    '$1***',
  ],
];

/** The same log with all of that replaced; what the rules read stays as it is. */
export function redactLog(text: string): string {
  let told = redact(text);
  for (const [pattern, replacement] of PERSONAL) told = told.replaceAll(pattern, replacement);
  return told;
}
