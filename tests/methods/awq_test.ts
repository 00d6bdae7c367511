import { assert, assertAlmostEquals, assertEquals, assertRejects, assertThrows } from "@std/assert";
import fc from "fast-check";
import { InputError, mean } from "../../lib/core/mod.ts";
import { scoreWindows } from "../../lib/eval/mod.ts";
import { bitsPerWeight, decodeMatrix } from "../../lib/format/mod.ts";
import {
  awq,
  type AwqWeight,
  clipGroups,
  divideColumns,
  divideOutputs,
  multiplyColumns,
  quantizeAwq,
  scaleBlock,
  type ScaledBlock,
  searchAwqClip,
  searchAwqScale,
  spacedTokens,
} from "../../lib/methods/awq.ts";
import {
  calibrate,
  configure,
  methods,
  type Pass,
  prepareModel,
  unquantized,
} from "../../lib/methods/mod.ts";
import { loadModel, type Model } from "../../lib/model/mod.ts";
import { tf, useBackend } from "../../lib/tensor/mod.ts";
import { readGolden } from "../golden/read_golden.ts";
import { randomIds, randomModel, tinyArchitectures } from "../model/tiny_models.ts";
import { assertSameNumbers } from "../quant/support.ts";
import { assertFloatsClose } from "../tensor/compare.ts";

const fixtures = Deno.env.get("AGILE_QUANT_FIXTURES");

function weightOf(
  values: ArrayLike<number>,
  rows: number,
  columns: number,
  groupSize: number,
): AwqWeight {
  return {
    ...{ values: Float32Array.from(values), rows, columns },
    ...{ bits: 4, groupSize, name: "weight" },
  };
}

Deno.test("quantizeAwq() equals the reference, where a group's range lacks 0 too", () => {
  const { shape, floats } = golden("awq/awq.safetensors");
  const [rows, columns] = shape("round.weight");
  for (const groupSize of [32, 128]) {
    const id = `round.g${groupSize}`;
    const matrix = quantizeAwq(weightOf(floats("round.weight"), rows, columns, groupSize));
    assertSameNumbers(matrix.readCodes(), floats(`${id}.codes`), `${id} codes`);
    assertSameNumbers(matrix.scale, floats(`${id}.scale`), `${id} scale`);
    assertSameNumbers(matrix.zeroPoints(), floats(`${id}.zero`), `${id} zero point`);
  }
});

Deno.test("quantizeAwq() lets a group far from 0 saturate and gives a constant one a small step", () => {
  const matrix = quantizeAwq({ ...weightOf([7, 10, -10, -7, 0], 1, 5, 2), bits: 2 });
  assertEquals(matrix.scale, Float32Array.of(1, 1, Math.fround(1e-5) / 3));
  assertEquals(matrix.zeroPoints(), Uint8Array.of(0, 3, 0));
  assertEquals(matrix.readCodes(), Uint8Array.of(3, 3, 0, 0, 0));
  assertEquals(matrix.groupIndex, Int32Array.of(0, 0, 1, 1, 2));
});

Deno.test("quantizeAwq() is off by half a step at most where the range contains 0", () => {
  const weights = fc.array(fc.float({ min: -100, max: 100, noNaN: true }), {
    minLength: 1,
    maxLength: 30,
  });
  fc.assert(fc.property(weights, fc.integer({ min: 2, max: 8 }), (inner, bits) => {
    const values = [-1, ...inner, 1];
    const matrix = quantizeAwq({ ...weightOf(values, 1, values.length, values.length), bits });
    const decoded = decodeMatrix(matrix);
    values.forEach((each, i) => assertAlmostEquals(decoded[i], each, 0.5001 * matrix.scale[0]));
  }));
});

Deno.test("searchAwqScale() divides powers of the magnitudes by the mean of their extremes", async () => {
  const map = weightOf(Float32Array.of(1, -1, 0.5), 1, 3, 3);
  const tried: Float32Array[][] = [];
  const lossOf = (each: Float32Array[]) => {
    tried.push(each);
    // The first of equal ones wins.
    return Promise.resolve(tried.length === 11 || tried.length === 13 ? 1 : 2);
  };
  const magnitudes = Float32Array.of(16, 1, 0);
  const { scale, ratio, losses } = await searchAwqScale(magnitudes, [map, map], lossOf);
  assertEquals([ratio, losses.length, losses[10]], [0.5, 20, 1]);
  const middle = Math.sqrt(4 * 1e-4);
  [4, 1, 1e-4].forEach((each, i) => assertAlmostEquals(scale[i], each / middle, 1e-4));
  assertEquals(tried.map((each) => each.length), Array(20).fill(2));
  assertEquals(tried[0][0], tried[0][1]);
  assertEquals(tried[0][0], decodeMatrix(quantizeAwq(map)));
  const values = multiplyColumns(map.values, scale);
  const rounded = decodeMatrix(quantizeAwq({ ...map, values }));
  assertEquals(tried[10][0], divideColumns(rounded, scale));
});

Deno.test("searchAwqScale() refuses where no loss is a number", async () => {
  const map = { ...weightOf(Float32Array.of(1, 2), 1, 2, 2), name: "gate" };
  const maps = [map, { ...map, name: "up" }];
  await assertRejects(
    () => searchAwqScale(Float32Array.of(1, 1), maps, () => Promise.resolve(NaN)),
    InputError,
    "Cannot scale gate and up: the loss of some ratio must be a number, got NaN",
  );
});

Deno.test("searchAwqClip() equals the reference", () => {
  const { shape, floats } = golden("awq/awq.safetensors");
  const [rows, columns] = shape("clip.weight");
  for (const groupSize of [32, 128]) {
    const weight = weightOf(floats("clip.weight"), rows, columns, groupSize);
    const limits = searchAwqClip(weight, floats("clip.x"));
    assertSameNumbers(limits, floats(`clip.g${groupSize}.limit`), `limits of ${groupSize}`);
  }
});

Deno.test("searchAwqClip() keeps what no clipping betters, and clips what spoils the grid of the others", () => {
  const weight = weightOf([0, 15, -15, 0, 1, 0], 2, 3, 2); // a row's last group has one column
  assertEquals(
    searchAwqClip(weight, Float32Array.of(1, 2, 3)),
    Float32Array.of(15, 15, 1, 0),
  );
  const unused = Float32Array.of(0, 0, 1, 0); // the input of the larger weight is always 0
  assertEquals(searchAwqClip(weightOf([1, 20], 1, 2, 2), unused), Float32Array.of(16));
});

Deno.test("spacedTokens() takes every so manieth token of all windows, and all of few", () => {
  const windows = [Float32Array.of(0, 0, 1, 1, 2, 2), Float32Array.of(3, 3, 4, 4, 5, 5, 6, 6)];
  const values = { channels: 2, windows };
  assertEquals(spacedTokens(values, 3), Float32Array.of(0, 0, 2, 2, 4, 4, 6, 6));
  assertEquals(spacedTokens(values, 4).length, 14);
  assertEquals(spacedTokens(values, 512).length, 14);
});

Deno.test("clipGroups() clips each group to its own limit", () => {
  const weight = weightOf([1, -2, 3, -4, 5, -6], 2, 3, 2);
  assertEquals(
    clipGroups(weight, Float32Array.of(1.5, 9, 4.5, 0)),
    Float32Array.of(1, -1.5, 3, -4, 4.5, 0),
  );
});

Deno.test("divideColumns(), multiplyColumns() and divideOutputs() move a scale from map to map", () => {
  const values = fc.array(fc.integer({ min: -50, max: 50 }), { minLength: 12, maxLength: 12 });
  const powers = fc.array(fc.constantFrom(0.25, 0.5, 1, 2, 8), { minLength: 3, maxLength: 3 });
  fc.assert(fc.property(values, values, powers, (first, second, scales) => {
    const scale = Float32Array.from(scales);
    const [before, after] = [Float32Array.from(first), Float32Array.from(second)];
    const product = (left: Float32Array, right: Float32Array) =>
      // [4, 3] x [3, 4]
      Array.from({ length: 16 }, (_, i) =>
        [0, 1, 2].reduce((sum, k) =>
          sum + left[(i >> 2) * 3 + k] * right[k * 4 + i % 4], 0));
    const folded = product(multiplyColumns(after, scale), divideOutputs(before, scale));
    assertEquals(folded, product(after, before));
    assertEquals(divideColumns(multiplyColumns(after, scale), scale), after);
  }));
});

for (
  const [what, values, change, message] of [
    ["a wrong shape", [1, 2, 3], {}, "it must hold 1 x 2 values, got 3"],
    ["infinity", [1, Infinity], {}, "element 1 must be finite, got Infinity"],
    ["a range beyond float32", [-3e38, 3e38], {}, "the width of its range must fit float32"],
    ["9 bits", [1, 2], { bits: 9 }, "bits must be an integer in 2..8, got 9"],
    ["groups of 0", [1, 2], { groupSize: 0 }, "groupSize must be a positive integer"],
  ] as const
) {
  Deno.test(`quantizeAwq() and the searches refuse ${what}`, async () => {
    const weight: AwqWeight = {
      ...weightOf(Float32Array.from(values), 1, 2, 2),
      name: "up of layer 3",
      ...change,
    };
    const rule = `Cannot quantize up of layer 3: ${message}`;
    assertThrows(() => quantizeAwq(weight), InputError, rule);
    assertThrows(() => searchAwqClip(weight, Float32Array.of(1, 1)), InputError, rule);
    const ones = Float32Array.of(1, 1);
    const search = () => searchAwqScale(ones, [weight], () => Promise.resolve(0));
    await assertRejects(search, InputError, rule);
  });
}

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

function assertClose(actual: number, expected: number, tolerance: number, what: string): void {
  assert(Math.abs(actual / expected - 1) < tolerance, `${what}: ${actual} not ${expected}`);
}

function golden(path: string) {
  const { tensors } = readGolden(path);
  return {
    has: (name: string) => tensors.has(name),
    shape: (name: string) => tensors.get(name)!.shape,
    floats: (name: string) => tensors.get(name)!.data as Float32Array,
  };
}

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

for (const [name, architecture] of Object.entries(tinyArchitectures)) {
  Deno.test(`scaleBlock() changes nothing that a block computes: ${name}`, async () => {
    const model = await randomModel(architecture);
    const settings = { bits: 4, groupSize: 8 };
    const [pass] = configure("AWQ", awq, { weights: settings }).passes(architecture);
    let scales = 0;
    const scaling: Pass = {
      ...pass,
      leavesCodes: false,
      async rewrite(layer, seen, at) {
        const found = await scaleBlock(layer, settings, seen, at);
        scales += found.scales.size;
        return found.scaled;
      },
    };
    const windows = [1, 2, 3].map((seed) => randomIds(24, seed));
    const calibration = () => ({ weightWindows: windows, activationWindows: [] });
    const { model: scaled } = await calibrate(unquantized(model), [scaling], calibration);
    const [[before], [after]] = [
      await scoreWindows(model, [randomIds(24)]),
      await scoreWindows(scaled, [randomIds(24)]),
    ];
    assertFloatsClose(after.loss, before.loss, 1e-4);
    assertEquals(
      scales > 0,
      architecture.family !== "bloom" || architecture.normPlacement === "before",
    );
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
    start() {},
    finish() {},
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
