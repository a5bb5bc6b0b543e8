/** The shape of stp/NAME.json, which tells about stp/NAME.stp, and of stp/proven.json. */
import * as z from 'zod';
import { TapprepError } from '../errors.ts';

const text = z.string().min(1).max(500);
const lines = z.array(text).max(20);
/** Names of rungs of the ladder in verify/rungs.ts. */
const rung = z.enum(['timer', 'kernel.trace', 'kernel.function']);

const argument = z.discriminatedUnion('type', [
  z.strictObject({
    name: z.string().regex(/^[a-z]{1,20}$/),
    type: z.literal('integer'),
    text,
    min: z.int(),
    max: z.int(),
    default: z.int(),
  }),
  // A file that is there: the script gets its device, its inode, that of its directory, its path and its name.
  z.strictObject({ name: z.string().regex(/^[a-z]{1,20}$/), type: z.literal('file'), text }),
]);

/** The form for the bpf runtime, whose text is stp/bpf/NAME.stp, or why there is none. */
const bpf = z.union([
  z.strictObject({ cannot: text }),
  z.strictObject({
    /** What the form for modules tells and this one does not. */
    lacks: text,
    /** Files of stp/bpf that it is made of beside event.stp. */
    lib: z
      .array(z.string().regex(/^[a-z]{1,20}$/))
      .max(10)
      .optional(),
    proof: z.strictObject({
      arguments: lines.optional(),
      expect: lines.min(1),
      expectIpv6: lines.optional(),
      reject: lines.min(1),
    }),
    /** What is left where the kernel's memory may not be read; absent where nothing is. */
    withoutMemory: z.strictObject({ lacks: text, expect: lines.min(1) }).optional(),
  }),
]);

const metadata = z.strictObject({
  shows: text,
  /** Files of stp/lib that the script is made of, without ".stp", in order. */
  lib: z.array(z.string().regex(/^[a-z]{1,20}$/)).max(10),
  /** The rung without which it cannot run. */
  needs: rung,
  /** What a higher rung adds, and what the event must print then. */
  gains: z.strictObject({ rung, text, expect: lines.min(1) }).optional(),
  arguments: z.array(argument).max(5),
  bpf,
  proof: z.strictObject({
    /** Arguments of the proof, where they differ from the defaults. */
    arguments: lines.optional(),
    /** Printed when the event may be made; the line that tells that all probes are in place where left out. */
    ready: text.optional(),
    /** What the event must print; the second list only on a kernel with IPv6. */
    expect: lines.min(1),
    expectIpv6: lines.optional(),
    /** What the control event would print. */
    reject: lines.min(1),
    /** Modules of the kernel that the event uses where there are any. */
    modules: lines.optional(),
    /** Whether stp/proof/decoy is loaded beforehand. */
    decoy: z.boolean().optional(),
    /** Of the kernel's data: what the event has to know the addresses of, which /proc/kallsyms of some kernels does not have. */
    symbols: z.array(z.string()).optional(),
  }),
});

const proven = z.array(
  z.strictObject({
    script: text,
    /** uname -r */
    kernel: text,
    arch: text,
    /** As stap -V prints it. */
    systemtap: text,
    /** Day of the proof, ISO. */
    date: z.iso.date(),
  }),
);

export type ScriptArgument = Readonly<z.infer<typeof argument>>;
export type ScriptMetadata = Readonly<z.infer<typeof metadata>>;
/** One kernel that a script was seen to print its event on; written by the lab. */
export type ProvenRun = Readonly<z.infer<typeof proven>[number]>;

/** @throws TapprepError INTERNAL, as these files are part of tapprep */
export function parseScriptMetadata(json: string, path: string): ScriptMetadata {
  return parseWith(metadata, json, path);
}

/** @throws TapprepError INTERNAL */
export function parseProvenRuns(json: string, path: string): readonly ProvenRun[] {
  return parseWith(proven, json, path);
}

function parseWith<Value>(schema: z.ZodType<Value>, json: string, path: string): Value {
  const result = schema.safeParse(JSON.parse(json));
  if (result.success) return result.data;
  throw new TapprepError(
    'INTERNAL',
    `${path} does not have the shape it should have: ${z.prettifyError(result.error)}`,
  );
}
