import { assertEquals } from "@std/assert";
import { llamaModel } from "../../bench/peers/llama_model.ts";
import { decodeMatrix } from "../../lib/format/mod.ts";
import { openGguf } from "../../lib/io/mod.ts";
import { loadModel } from "../../lib/model/mod.ts";
import { withFolder } from "../io/temporary_folder.ts";

const shape = {
  ...{ layers: 2, hiddenSize: 64, intermediateSize: 96, heads: 4, keyValueHeads: 2 },
  vocabularySize: 300,
};

for (const storage of ["F32", "Q8_0", "Q4_0"] as const) {
  Deno.test(`llamaModel() writes a model in ${storage} that is read here`, () =>
    withFolder(async (folder) => {
      const path = `${folder}/random.gguf`;
      await Deno.writeFile(path, ReadableStream.from(llamaModel(shape, storage, 77)));
      const { architecture, source } = await loadModel(path);
      const { family, layers, keyValueHeads, headDim, tiedHead, maxPositions } = architecture;
      assertEquals(
        [family, layers, keyValueHeads, headDim, tiedHead, maxPositions],
        ["llama", 2, 2, 16, true, 77],
      );
      const { weight } = (await source.layer(1)).up!;
      assertEquals([weight.rows, weight.columns], [96, 64]);
      const values = decodeMatrix(weight);
      assertEquals(values.filter((value) => !(Math.abs(value) <= 0.0625)).length, 0);
      assertEquals(new Set(values).size > 10, true);
    }));
}

Deno.test("llamaModel() has a vocabulary with a token for each byte", () =>
  withFolder(async (folder) => {
    const path = `${folder}/random.gguf`;
    await Deno.writeFile(path, ReadableStream.from(llamaModel(shape, "Q8_0", 77)));
    const { metadata } = await openGguf(path);
    const tokens = metadata.get("tokenizer.ggml.tokens") as unknown as string[];
    assertEquals([tokens.length, tokens[3], tokens[13], tokens[258]], [
      300,
      "<0x00>",
      "<0x0A>",
      "<0xFF>",
    ]);
  }));
