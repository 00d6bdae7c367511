import { loadTokenizer, type Tokenizer } from "../../lib/io/mod.ts";
import { ggufBytes, type SampleValue } from "../../tools/fuzz/gguf_bytes.ts";

/** Values of a tokenizer's keys, without `tokenizer.ggml.` before each. */
export type TokenizerMetadata = Readonly<
  Record<string, string | number | boolean | readonly string[] | readonly number[]>
>;

/** Loads the tokenizer of a GGUF file that has these keys. */
export async function loadMetadata(
  folder: string,
  metadata: TokenizerMetadata,
): Promise<Tokenizer> {
  const pairs = Object.entries(metadata).map(([name, value]) =>
    [`tokenizer.ggml.${name}`, typed(name, value)] as const
  );
  const path = `${folder}/a.gguf`;
  await Deno.writeFile(path, ggufBytes({ metadata: Object.fromEntries(pairs) }));
  return await loadTokenizer(path);
}

/** A value in the type that llama.cpp's converter gives it. */
function typed(name: string, value: TokenizerMetadata[string]): SampleValue {
  if (typeof value === "string") return ["string", value];
  if (typeof value === "boolean") return ["bool", value];
  if (typeof value === "number") return ["u32", value];
  if (typeof value[0] === "string") return ["string[]", value];
  return [name === "scores" ? "f32[]" : "i32[]", value];
}
