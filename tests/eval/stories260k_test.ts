import { assertAlmostEquals } from "@std/assert";
import { perplexity, scoreWindows } from "../../lib/eval/mod.ts";
import { loadModel } from "../../lib/model/mod.ts";
import { useBackend } from "../../lib/tensor/mod.ts";

// A checkpoint that others trained (stories260K of karpathy/tinyllamas) and PyTorch's losses on it.
const fixtures = Deno.env.get("AGILE_QUANT_FIXTURES");

Deno.test({
  name: "perplexity() of stories260K is PyTorch's",
  ignore: fixtures === undefined,
  async fn() {
    await useBackend("agile");
    const folder = `${fixtures}/stories260k`;
    const read = async (name: string) => JSON.parse(await Deno.readTextFile(`${folder}/${name}`));
    const golden: { window: number; ce: number[]; ppl: number } = await read("golden.json");
    const ids = Int32Array.from((await read("ids.json")).flat());
    const model = await loadModel(folder);
    const { window } = golden;
    const { perplexity: { value } } = await perplexity(model, ids, {
      window,
      startToken: { place: "none" },
    });
    assertAlmostEquals(value, golden.ppl, 1e-5);
    const windows = golden.ce.map((_, index) => ids.slice(index * window, (index + 1) * window));
    const scores = await scoreWindows(model, windows);
    golden.ce.forEach((expected, index) => {
      const { loss } = scores[index];
      assertAlmostEquals(loss.reduce((sum, each) => sum + each, 0) / loss.length, expected, 1e-5);
    });
  },
});
