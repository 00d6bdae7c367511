import { assertAlmostEquals, assertEquals } from "@std/assert";
import { loadModel, openModel } from "../../lib/model/mod.ts";
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

const names = [
  ...["opt-as-published", "opt-legacy-bin", "bloom-sharded-bin"],
  ...["gptq-3bit-g32", "gptq-4bit-g32", "gptq-4bit-g32-act-order", "gptq-8bit-g-1"],
];

for (const name of names) {
  Deno.test(`loadModel() computes what the official code does of ${name}`, async () => {
    const { tensors } = readGolden(`checkpoints/${name}/goldens.safetensors`);
    const golden = (key: string) => tensors.get(`len96.${key}`)!.data;
    const model = await loadModel(`tests/golden/checkpoints/${name}`);
    assertEquals(model.warnings, []);
    const ids = golden("input_ids") as Int32Array;
    using open = await openModel(model);
    const found = losses(logitsOf(open, ids), ids);
    const expected = golden("nll");
    assertEquals(found.length, expected.length);
    found.forEach((loss, at) => assertAlmostEquals(loss, expected[at], 1e-5));
  });
}
