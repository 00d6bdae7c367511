import { ggufParts, type SampleGguf } from "../../bench/gguf_parts.ts";
import { joined } from "./mutations.ts";

export type { SampleGguf, SampleTensor, SampleValue } from "../../bench/gguf_parts.ts";

/** The bytes of a GGUF file, put together without a reader's help and without a check. */
export function ggufBytes(file: SampleGguf): Uint8Array<ArrayBuffer> {
  return joined(...ggufParts(file)) as Uint8Array<ArrayBuffer>;
}
