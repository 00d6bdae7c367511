import { assert, assertEquals, assertRejects } from "@std/assert";
import { mean, silent } from "../../lib/core/mod.ts";
import { scoreWindows } from "../../lib/eval/mod.ts";
import { bitsPerWeight, decodeMatrix } from "../../lib/format/mod.ts";
import { scaleBlock, type ScaledBlock, spacedTokens } from "../../lib/methods/awq_block.ts";
import { clipGroups, searchAwqClip } from "../../lib/methods/awq_clip.ts";
import { searchAwqScale } from "../../lib/methods/awq_scale.ts";
import { divideOutputs } from "../../lib/methods/fold_scale.ts";
import { quantizeAwq } from "../../lib/methods/awq_weight.ts";
import {
  awq,
  calibrate,
  configure,
  methods,
  type Pass,
  prepareModel,
  unquantized,
} from "../../lib/methods/mod.ts";
import { loadModel, type Model } from "../../lib/model/mod.ts";
import { tf, useBackend } from "../../lib/tensor/mod.ts";
import { assertSameNumbers } from "../quant/support.ts";
import { assertClose, golden, weightOf } from "./awq_support.ts";

const fixtures = Deno.env.get("AGILE_QUANT_FIXTURES");

// All golden vectors of the reference, its scale search on single layers among them.
Deno.test({
  name:
    "searchAwqScale(), searchAwqClip() and quantizeAwq() equal the reference on all its vectors",
  ignore: fixtures === undefined,
  async fn() {
    const { has, floats } = golden(`${fixtures}/rivals/awq.safetensors`);
    const { cases } = JSON.parse(await Deno.readTextFile(`${fixtures}/rivals/awq.json`));
    for (const { id, kind, input, group_size: groupSize, ...expected } of cases) {
      if (kind === "pseudo_quantize") {
        const matrix = quantizeAwq(weightOf(floats(input), 54, 128, groupSize));
        assertSameNumbers(matrix.readCodes(), floats(`${id}.codes`), id);
        assertSameNumbers(matrix.scale, floats(`${id}.scale`), id);
        assertSameNumbers(matrix.zeroPoints(), floats(`${id}.zero`), id);
      } else if (kind === "clip_search") {
        const weight = weightOf(floats(`${input}.weight`), 64, 128, groupSize);
        const values = { channels: 128, windows: [floats(`${input}.x`)] };
        const limits = searchAwqClip(weight, spacedTokens(values, expected.n_sample_token));
        assertSameNumbers(limits, floats(`${id}.max_value`), id);
        assertSameNumbers(clipGroups(weight, limits), floats(`${id}.weight_clipped`), id);
      } else {
        const { x, maps, lossOf } = inspected(id.split(".")[0], floats);
        const weights = maps.map((values) => weightOf(values, 128, 128, groupSize));
        const found = await searchAwqScale(
          magnitudes(x, 128),
          weights,
          (each) => Promise.resolve(lossOf(each)),
        );
        assertEquals(found.ratio, expected.best_ratio, id);
        found.losses.forEach((loss, i) => assertClose(loss, expected.losses[i], 2e-4, id));
        found.scale.forEach((each, i) => assertClose(each, floats(`${id}.scale`)[i], 1e-5, id));
        if (!has(`${id}.norm_weight_applied`)) continue;
        const scale = floats(`${id}.scale`);
        for (const name of ["norm_weight", "norm_bias"]) {
          const quotient = divideOutputs(floats(`norm_fc.${name}`), scale);
          assertSameNumbers(quotient, floats(`${id}.${name}_applied`), id);
        }
      }
    }
  },
});

/** What the reference did to a tiny model. */
interface GoldenModel {
  model: "llama" | "opt-pre";
  /** The mean loss of the window of seed 40, before and after. */
  losses: { before: number; after: number };
  scales: { layer: number; reads: keyof typeof divided; ratio: number; losses: number[] }[];
}

/** What gives the value that a map reads, and is divided. */
const divided = { query: "inputNorm", output: "value", up: "mlpNorm", down: "up" } as const;

/** The windows of the reference's run, of 96 tokens. */
function referenceWindow(seed: number): Int32Array {
  return Int32Array.from(
    { length: 96 },
    (_, i) => (17 * i * i + 31 * i * seed + 101 * seed) % 512,
  );
}

const groupsOf16 = configure("AWQ", awq, { weights: { bits: 4, groupSize: 16 } });
const goldenPath = new URL("../golden/awq/awq.json", import.meta.url);
const { cases }: { cases: GoldenModel[] } = JSON.parse(Deno.readTextFileSync(goldenPath));
const windows = Array.from({ length: 12 }, (_, index) => referenceWindow(index + 1));

for (const { model: name, losses, scales } of cases) {
  Deno.test(`awq finds the scales and limits of the reference on the whole of ${name}`, async () => {
    await useBackend("agile");
    const model = await loadModel(`tests/golden/hf/${name}`);
    const { floats } = golden("awq/awq.safetensors");
    const [pass] = groupsOf16.passes(model.architecture);
    const watched: Pass = {
      ...pass,
      async rewrite(layer, seen, at) {
        const found = await scaleBlock(layer, { bits: 4, groupSize: 16 }, seen, at);
        for (const expected of scales.filter((each) => each.layer === at.layer)) {
          const { scale, ratio, losses } = found.scales.get(divided[expected.reads])!;
          const what = `${expected.reads} of layer ${at.layer}`;
          assertEquals(ratio, expected.ratio, what);
          losses.forEach((loss, i) => assertClose(loss, expected.losses[i], 1e-5, what));
          const golden = floats(`${name}.${at.layer}.${expected.reads}.scale`);
          scale.forEach((each, i) => assertClose(each, golden[i], 1e-5, what));
        }
        if (at.layer === 0) assertLimits(name, found);
        return await pass.rewrite!(layer, seen, at);
      },
    };
    const before = tf.memory().numTensors;
    const calibration = () => ({ weightWindows: windows, activationWindows: [] });
    const { model: quantized } = await calibrate(unquantized(model), [watched], calibration);
    assertEquals(tf.memory().numTensors, before);
    assertClose(await lossOf(model), losses.before, 1e-5, "the loss before");
    assertClose(await lossOf(quantized), losses.after, 1e-3, "the loss after");
    const { down } = await quantized.source.layer(0);
    assertEquals(bitsPerWeight(down!.weight), 4 + (32 + 4) / 16);
  });
}

/** Of the limits of the first block only those of groups that lie on a tie may differ. */
function assertLimits(name: string, { scaled, inputs }: ScaledBlock): void {
  const { floats } = golden("awq/awq.safetensors");
  let [differing, all] = [0, 0];
  for (const [map, looked] of inputs) {
    if (map === "query" || map === "key") continue;
    const { weight } = scaled[map]!;
    const { rows, columns } = weight;
    const limits = searchAwqClip(weightOf(decodeMatrix(weight), rows, columns, 16), looked);
    const expected = floats(`${name}.0.${map}.limit`);
    limits.forEach((each, i) => {
      all++;
      if (Math.abs(each / expected[i] - 1) > 1e-5) differing++;
    });
  }
  assert(differing <= 0.01 * all, `${differing} of ${all} limits differ`);
}

/** The mean loss of a window that calibration has not seen. */
async function lossOf(model: Model): Promise<number> {
  const [{ loss }] = await scoreWindows(model, [referenceWindow(40)]);
  return mean(loss);
}

Deno.test("awq stops between two windows and keeps no tensors", async () => {
  await useBackend("agile");
  const model = await loadModel("tests/golden/hf/llama");
  const before = tf.memory().numTensors;
  const reason = new Error("stopped");
  const controller = new AbortController();
  const progress = {
    ...silent,
    update: (done: number) => void (done > 0.4 && controller.abort(reason)),
  };
  const calibration = () => ({ weightWindows: windows, activationWindows: [] });
  const options = { progress, signal: controller.signal };
  const error = await assertRejects(() =>
    prepareModel(model, methods["awq4"], calibration, options)
  );
  assertEquals(error, reason);
  assertEquals(tf.memory().numTensors, before);
});

/** The mean |x| of every channel. */
function magnitudes(x: Float32Array, channels: number): Float32Array {
  const sums = new Float64Array(channels);
  x.forEach((each, i) => sums[i % channels] += Math.abs(each));
  return Float32Array.from(sums, (sum) => sum * channels / x.length);
}

/** The layer of a case, its maps of 128 x 128, and what inspecting it costs. */
function inspected(stem: string, floats: (name: string) => Float32Array) {
  const apply = (x: Float32Array, weight: Float32Array, bias?: Float32Array) =>
    x.map((_, i) => {
      let sum = bias?.[i % 128] ?? 0;
      for (let k = 0; k < 128; k++) sum += x[i - i % 128 + k] * weight[i % 128 * 128 + k];
      return sum;
    });
  const gated = (x: Float32Array, [gate, up]: Float32Array[]) => {
    const [first, factor] = [apply(x, gate), apply(x, up)];
    return first.map((each, i) => each / (1 + Math.exp(-each)) * factor[i]);
  };
  const of = (
    x: Float32Array,
    maps: Float32Array[],
    run: (x: Float32Array, maps: Float32Array[]) => Float32Array,
  ) => {
    const before = run(x, maps);
    const lossOf = (changed: Float32Array[]) => {
      const now = run(x, changed);
      return now.reduce((sum, each, i) => sum + (each - before[i]) ** 2, 0) / now.length;
    };
    return { x, maps, lossOf };
  };
  if (stem === "norm_fc") {
    const bias = floats("norm_fc.bias");
    return of(floats("norm_fc.x"), [floats("norm_fc.weight")], (x, [map]) => apply(x, map, bias));
  }
  const [x, down] = [floats("mlp.x"), floats("mlp.down")];
  const maps = [floats("mlp.gate"), floats("mlp.up")];
  if (stem === "mlp") return of(x, maps, (x, each) => apply(gated(x, each), down));
  return of(gated(x, maps), [down], (x, [map]) => apply(x, map));
}
