import { assertAlmostEquals, assertEquals } from "@std/assert";
import { perplexity } from "../../lib/eval/mod.ts";
import { loadModel, openModel } from "../../lib/model/mod.ts";
import gguf from "../golden/checkpoints/gguf/goldens.json" with { type: "json" };
import { readGolden } from "../golden/read_golden.ts";
import { logitsOf } from "./with_reference.ts";

/** What predicting each token but the first costs, `[tokens - 1]`. */
function losses(logits: Float32Array, ids: Int32Array): number[] {
  const vocabulary = logits.length / ids.length;
  return Array.from(ids.subarray(1), (id, at) => {
    const row = logits.subarray(at * vocabulary, (at + 1) * vocabulary);
    const largest = row.reduce((most, logit) => Math.max(most, logit));
    const sum = row.reduce((total, logit) => total + Math.exp(logit - largest), 0);
    return largest + Math.log(sum) - row[id];
  });
}

/** Compares what a model says of a window with what predicting each of its tokens costs there. */
async function assertLosses(
  path: string,
  ids: Int32Array,
  expected: ArrayLike<number>,
  tolerance: number,
) {
  const model = await loadModel(path);
  assertEquals(model.warnings, []);
  using open = await openModel(model);
  const found = losses(logitsOf(open, ids), ids);
  assertEquals(found.length, expected.length);
  found.forEach((loss, at) => assertAlmostEquals(loss, expected[at], tolerance));
}

const names = [
  ...["opt-as-published", "opt-legacy-bin", "bloom-sharded-bin"],
  ...["gptq-3bit-g32", "gptq-4bit-g32", "gptq-4bit-g32-act-order", "gptq-8bit-g-1"],
];

for (const name of names) {
  Deno.test(`loadModel() computes what the official code does of ${name}`, async () => {
    const { tensors } = readGolden(`checkpoints/${name}/goldens.safetensors`);
    const golden = (key: string) => tensors.get(`len96.${key}`)!.data;
    const ids = golden("input_ids") as Int32Array;
    await assertLosses(`tests/golden/checkpoints/${name}`, ids, golden("nll"), 1e-5);
  });
}

for (const [name, { ids, nll }] of Object.entries(gguf.models)) {
  Deno.test(`loadModel() computes what the official code does of gguf/${name}`, () =>
    assertLosses(`tests/golden/checkpoints/gguf/${name}.gguf`, Int32Array.from(ids), nll, 5e-5));
}

const fixtures = Deno.env.get("AGILE_QUANT_FIXTURES");
for (const type of ["f32", "bf16", "q4_0", "q5_1"]) {
  Deno.test({
    name: `perplexity() is the official code's of a GGUF file in ${type}`,
    ignore: fixtures === undefined,
    async fn() {
      const path = `${fixtures}/formats/gguf/llama-${type}`;
      const golden = JSON.parse(await Deno.readTextFile(`${path}.json`)).sequences.len96;
      const ids = Int32Array.from(golden.input_ids as number[]);
      const { perplexity: { value } } = await perplexity(await loadModel(`${path}.gguf`), ids, {
        window: 96,
      });
      assertAlmostEquals(value / golden.perplexity, 1, 1e-6);
    },
  });
}
