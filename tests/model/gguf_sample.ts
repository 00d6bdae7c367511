import { type GgufFile, openGguf } from "../../lib/io/mod.ts";
import { ggufBytes, type SampleTensor, type SampleValue } from "../../tools/fuzz/gguf_bytes.ts";
import { sampleGgufMetadata, sampleGgufTensors } from "../../tools/fuzz/gguf_samples.ts";
import { withFolder } from "../io/temporary_folder.ts";

/** How a file differs from the sample. */
export interface GgufChanges {
  /** Keys that are other, or not there. */
  metadata?: Record<string, SampleValue | undefined>;
  /** Further tensors, and those in place of others of their names. */
  tensors?: readonly SampleTensor[];
  /** Tensors that are not there. */
  without?: readonly string[];
}

/** Runs a test on a GGUF file of a tiny LLaMA, changed a little. */
export function withGguf(
  changes: GgufChanges,
  test: (path: string, file: GgufFile) => Promise<void>,
): Promise<void> {
  const { metadata, tensors = [], without = [] } = changes;
  const replaced = [...tensors.map(({ name }) => name), ...without];
  const entries = Object.entries({ ...sampleGgufMetadata, ...metadata })
    .filter((entry): entry is [string, SampleValue] => entry[1] !== undefined);
  const bytes = ggufBytes({
    metadata: Object.fromEntries(entries),
    tensors: [...sampleGgufTensors.filter(({ name }) => !replaced.includes(name)), ...tensors],
  });
  return withFolder(async (folder) => {
    const path = `${folder}/tiny.Q4_1.gguf`;
    await Deno.writeFile(path, bytes);
    await test(path, await openGguf(path));
  });
}
