import { assert, assertEquals, assertNotEquals, assertRejects } from "@std/assert";
import { InputError, silent } from "../../lib/core/mod.ts";
import { decodeMatrix, floatMatrix } from "../../lib/format/mod.ts";
import { ScratchFile } from "../../lib/io/mod.ts";
import {
  type BlockStore,
  calibrate,
  changeMatrices,
  gptqPasses,
  needsCalibration,
  type Observation,
  type Pass,
  type Seen,
  sitePasses,
  type StreamsRoom,
  unquantized,
} from "../../lib/methods/mod.ts";
import {
  type LayerWeights,
  type LinearName,
  type Model,
  type SiteName,
  siteNames,
  Streams,
} from "../../lib/model/mod.ts";
import { tf, useBackend } from "../../lib/tensor/mod.ts";
import { pruning, randomIds, tinyModels, withModel } from "../eval/tiny_models.ts";
import { withFolder } from "../io/temporary_folder.ts";
import {
  calibrationOf,
  layersOf,
  linearNames,
  linearWeights,
  run,
  unread,
  valuesAtSites,
} from "./support.ts";

const windows = [1, 2, 3].map((seed) => randomIds(24, seed));
const byte = { kind: "uniform", bits: 8, signed: false, granularity: "tensor" } as const;

/** A pass that hands what it sees to its caller. */
function look(
  observes: Partial<Record<SiteName, Observation>>,
  onSeen: (seen: Seen, layer: number) => void,
  settings: Partial<Pass> = {},
): Pass {
  return {
    name: "look",
    settings: null,
    observes,
    ...settings,
    quantize(seen, { layer }) {
      onSeen(seen, layer);
      return {};
    },
  };
}

/** The parameters of a block with maps whose weights a function changes. */
function changeValues(
  layer: LayerWeights,
  names: LinearName[],
  change: (value: number) => number,
): LayerWeights {
  return changeMatrices(
    layer,
    0,
    names,
    ({ values, rows, columns }) => floatMatrix("F32", values.map(change), rows, columns),
  );
}

/** A pass that changes the weights of maps, knowing nothing of the block. */
function change(names: LinearName[], by: (value: number) => number): Pass {
  return { name: "change", settings: null, rewrite: (layer) => changeValues(layer, names, by) };
}

/** What a site gives in the first block over all windows. */
async function firstBlock(model: Model, site: SiteName): Promise<Float32Array[]> {
  return (await valuesAtSites(model, windows)).get(`${site} of layer 0`)!;
}

Deno.test("calibrate() gives the same bits where windows wait on the disk", () =>
  withFolder((folder) =>
    withModel("llama", async (model) => {
      const options = { bits: 4, groupSize: 8, symmetric: false, actOrder: true } as const;
      const passes = gptqPasses(options);
      const quantized = async (room?: StreamsRoom) => {
        const found = await calibrate(unquantized(model), passes, calibrationOf(windows), { room });
        return await linearWeights(found.model);
      };
      using scratch = new ScratchFile(folder);
      let writes = 0;
      const put = scratch.put.bind(scratch);
      scratch.put = (values) => {
        writes++;
        return put(values);
      };
      assertEquals(await quantized({ budget: 1, scratch }), await quantized());
      assertEquals(writes, windows.length); // each keeps its place from block to block
    })
  ));

for (const name of tinyModels) {
  for (const prune of [undefined, pruning]) {
    const how = prune ? "pruned" : "whole";
    Deno.test(`calibrate() shows a pass what a forward pass gives, block by block: ${name}, ${how}`, () =>
      withModel(name, async (model) => {
        await useBackend("agile", { native: false }); // what looks at maps changes no bit there
        const expected = await valuesAtSites(model, windows, { pruning: prune });
        const sites = siteNames.filter((site) =>
          site !== "attn.probs" && expected.has(`${site} of layer 0`)
        );
        const met = new Map<string, Float32Array[]>();
        const onSeen = (seen: Seen, layer: number) => {
          for (const site of sites) met.set(`${site} of layer ${layer}`, seen.values(site).windows);
        };
        const observes = Object.fromEntries(sites.map((site) => [site, "values" as const]));
        const pass = look(observes, onSeen, { windows: "activations" });
        const { model: same } = await run(model, [pass], windows, { pruning: prune });
        assert(same === model);
        assertEquals(met.size, sites.length * 3);
        for (const [key, values] of met) assertEquals(values, expected.get(key), key);
        await useBackend("agile");
      }));
  }
}

Deno.test("calibrate() prunes the windows for activations and not those for weights", () =>
  withModel("llama", async (model) => {
    const tokens: Record<string, number> = {};
    const count = (windows: "weights" | "activations") =>
      look({ "mlp.input": "values" }, (seen, layer) => {
        const { channels, windows: [first] } = seen.values("mlp.input");
        tokens[`${windows} ${layer}`] = first.length / channels;
      }, { windows });
    await run(model, [count("weights"), count("activations")], windows, { pruning });
    assertEquals([tokens["weights 0"], tokens["weights 1"]], [24, 24]);
    assertEquals([tokens["activations 0"], tokens["activations 1"]], [12, 8]);
  }));

Deno.test("calibrate() shows a pass the block that those before it have rewritten", () =>
  withModel("llama", async (model) => {
    const double = change(["up"], (value) => 2 * value);
    const seen: Float32Array[] = [];
    const watch = look({ "mlp.hidden": "values" }, (found, layer) => {
      if (layer === 0) seen.push(found.values("mlp.hidden").windows[0]);
    });
    await run(model, [watch, double, watch], windows);
    const [before] = await firstBlock(model, "mlp.hidden");
    assertEquals(seen, [before, before.map((value) => 2 * value)]);
  }));

Deno.test("calibrate() leads the passes over a block in their order", () =>
  withModel("llama", async (model) => {
    const [double, add] = [
      change(["down"], (value) => 2 * value),
      change(["down"], (value) => value + 1),
    ];
    const results = [];
    for (const passes of [[double, add], [add, double]]) {
      const { model: rewritten } = await run(model, passes, windows);
      results.push((await linearWeights(rewritten)).get("down of layer 1")!);
    }
    const original = (await linearWeights(model)).get("down of layer 1")!;
    assertEquals(results[0], original.map((value) => Math.fround(2 * value) + 1));
    assertEquals(results[1], original.map((value) => 2 * Math.fround(value + 1)));
  }));

Deno.test("calibrate() carries on what the rewritten blocks give, or the original ones", () =>
  withModel("bloom", async (model) => {
    const double = change(["down"], (value) => 2 * value);
    const seen: Record<string, Float32Array[]> = {};
    const watch = (carries?: "original" | "rewritten") =>
      look({ "attn.input": "values" }, (found, layer) => {
        if (layer === 2) seen[carries ?? "unless given"] = found.values("attn.input").windows;
      }, { carries });
    const passes = [double, watch(), watch("original"), watch("rewritten")];
    const { model: rewritten } = await run(model, passes, windows);
    const key = "attn.input of layer 2";
    const [original, after] = [
      (await valuesAtSites(model, windows)).get(key),
      (await valuesAtSites(rewritten, windows)).get(key),
    ];
    assertEquals(seen["original"], original);
    assertEquals(seen["rewritten"], after);
    assertEquals(seen["unless given"], after);
    assert(original![0].some((value, i) => value !== after![0][i]));
  }));

Deno.test("calibrate() hands a pass what becomes of sites so far, and later passes win", () =>
  withModel("llama", async (model) => {
    const first = sitePasses({ profile: "paper", sites: { "attn.input": byte } });
    const none = sitePasses({ profile: "paper", sites: { "mlp.input": byte } });
    const met: string[][] = [];
    const read: Pass = {
      name: "read",
      settings: null,
      quantize(_seen, _at, before) {
        met.push(Object.keys(before));
        return { "attn.input": before["mlp.input"]! };
      },
    };
    const { sites } = await run(model, [...first, ...none, read], windows);
    assertEquals(met, new Array(3).fill(["attn.input", "mlp.input"]));
    for (const { "attn.input": own, "mlp.input": other } of sites) assert(own === other);
  }));

Deno.test("calibrate() goes on where earlier passes have stopped", () =>
  withModel("opt-pre", async (model) => {
    const weights = gptqPasses({ bits: 4, groupSize: 32, actOrder: true, symmetric: false });
    const activations = sitePasses({ profile: "paper", sites: { "mlp.hidden": byte } });
    const atOnce = await run(model, [...weights, ...activations], windows);
    const start = await run(model, weights, windows);
    const continued = await calibrate(start, activations, calibrationOf(windows));
    assert(continued.model === start.model);
    assertEquals(await layersOf(continued.model), await layersOf(atOnce.model));
    const grids = [continued, atOnce].map(({ sites }) =>
      sites.map((quantizers) => quantizers["mlp.hidden"]!.grid)
    );
    assertEquals(grids[0], grids[1]);
    assert(grids[0].every((grid) => grid !== undefined));
  }));

Deno.test("calibrate() runs no window for passes that observe nothing", () =>
  withModel("llama", async (model) => {
    const passes = [change(["up"], (value) => -value)];
    assert(!needsCalibration(passes));
    const { model: rewritten } = await calibrate(unquantized(model), passes, unread);
    const up = (await linearWeights(model)).get("up of layer 2")!;
    const negated = (await linearWeights(rewritten)).get("up of layer 2");
    assertEquals(negated, up.map((value) => -value));
    const looking = [...passes, look({ "mlp.input": "range" }, () => {})];
    assert(needsCalibration(looking));
    assert(needsCalibration(looking, "weights") && !needsCalibration(looking, "activations"));
    await assertRejects(
      () => calibrate(unquantized(model), looking, unread),
      Error,
      "calibration was read",
    );
  }));

Deno.test("calibrate() of no passes is where it started", () =>
  withModel("llama", async (model) => {
    const start = unquantized(model);
    assertEquals(start, { model, sites: [{}, {}, {}] });
    assert(await calibrate(start, [], unread) === start);
  }));

Deno.test("calibrate() leaves the model as it was, and shares with it what no pass rewrote", () =>
  withModel("bloom", async (model) => {
    const copies = await Promise.all(
      (await layersOf(model)).map((layer) => structuredClone(decodeMatrix(layer.up!.weight))),
    );
    const { model: rewritten } = await run(model, [change(["up"], (value) => value + 1)], windows);
    assert(rewritten.source.outer === model.source.outer);
    const [before, after] = [await layersOf(model), await layersOf(rewritten)];
    before.forEach((layer, index) => {
      assertEquals(decodeMatrix(layer.up!.weight), copies[index]);
      assert(after[index].up !== layer.up);
      assert(after[index].down === layer.down);
    });
  }));

Deno.test("calibrate() asks every block of the source once", () =>
  withModel("llama", async (model) => {
    const asked: number[] = [];
    const layer = (index: number) => {
      asked.push(index);
      return model.source.layer(index);
    };
    const counting = { ...model, source: { ...model.source, layer } };
    const watch = look({ "mlp.input": "range" }, () => {});
    await run(counting, [watch, change(["up"], (value) => value), watch], windows);
    assertEquals(asked, [0, 1, 2]);
  }));

for (const name of tinyModels) {
  Deno.test(`calibrate() of passes that name their part is that of passes that run whole blocks: ${name}`, () =>
    withModel(name, async (model) => {
      const passes = [
        ...gptqPasses({ bits: 3, groupSize: 32, actOrder: true, symmetric: false }),
        ...sitePasses({ profile: "paper", sites: { "attn.q": byte, "mlp.hidden": byte } }),
      ];
      const whole = passes.map(({ part: _, ...pass }) => pass);
      const [quick, slow] = [await run(model, passes, windows), await run(model, whole, windows)];
      assertEquals(await linearWeights(quick.model), await linearWeights(slow.model));
      const grids = (sites: typeof quick.sites) =>
        sites.map((each) => [each["attn.q"]?.grid, each["mlp.hidden"]?.grid]);
      assertEquals(grids(quick.sites), grids(slow.sites));
    }));
}

Deno.test("calibrate() keeps windows before an attention that a later pass changes", () =>
  withModel("llama", async (model) => {
    const seen: Float32Array[] = [];
    const watch = look({ "mlp.input": "values" }, (found, layer) => {
      if (layer === 0) seen.push(...found.values("mlp.input").windows);
    }, { part: "mlp" });
    const double = change(["output"], (value) => 2 * value);
    const { model: changed } = await run(model, [watch, double, watch], windows);
    const before = await firstBlock(model, "mlp.input");
    assertEquals(seen, [...before, ...await firstBlock(changed, "mlp.input")]);
    assert(seen[0].some((value, i) => value !== seen[windows.length][i]));
  }));

Deno.test("calibrate() refuses no windows, by the name of the model", () =>
  withModel("bloom", async (model) => {
    for (const kind of ["weights", "activations"] as const) {
      const watch = look({ "mlp.input": "range" }, () => {}, { windows: kind });
      await assertRejects(
        () => run(model, [watch], []),
        InputError,
        "Cannot calibrate bloom: there must be at least one calibration window",
      );
    }
  }));

Deno.test("calibrate() refuses to prune a layer that does not exist before any work", () =>
  withModel("bloom", async (model) => {
    const strange = { ...pruning, ratios: new Map([[3, 0.5]]) };
    const unreached = change(["up"], () => assert(false, "it has begun"));
    await assertRejects(
      () => run(model, [unreached], windows, { pruning: strange }),
      InputError,
      "Cannot prune tokens: layers must be 0..2, got 3",
    );
  }));

Deno.test("calibrate() refuses a site that the blocks lack, by its name", () =>
  withModel("opt-pre", async (model) => {
    const watch = look({ "mlp.input": "range", "attn.qBeforeRotary": "range" }, () => {});
    await assertRejects(
      () => run(model, [watch], windows),
      InputError,
      "Cannot calibrate opt-pre: its blocks must have attn.qBeforeRotary, which look observes",
    );
  }));

/** What is reported of a run. */
async function reported(passes: Pass[], model: Model, count: number): Promise<string[]> {
  const calls: string[] = [];
  const progress = {
    start: (label: string, total: number) => calls.push(`${label}: ${total}`),
    update: (done: number) => calls.push(`${done}`),
    finish: () => calls.push("finished"),
    say: (message: string) => calls.push(message),
  };
  await run(model, passes, windows.slice(0, count), { progress });
  return calls;
}

Deno.test("calibrate() reports blocks, and how far each is", () =>
  withModel("bloom", async (model) => {
    const passes = gptqPasses({ bits: 3, groupSize: 32, actOrder: true, symmetric: false });
    const calls = await reported(passes, model, 1);
    const updates = calls.slice(1, -1).map(Number);
    assertEquals([calls[0], calls.at(-1)], ["GPTQ on bloom: 3", "finished"]);
    assertEquals(updates, updates.toSorted((a, b) => a - b));
    assertEquals(updates.filter(Number.isInteger), [0, 1, 1, 2, 2, 3]);
    for (const block of [0, 1, 2]) {
      const shares = updates.filter((each) => each > block && each < block + 1);
      assert(shares.length > 16, `${shares.length} updates within block ${block}`);
    }
  }));

Deno.test("calibrate() never reports less done than before, though inputs must be seen again", () =>
  withModel("llama", async (model) => {
    const tiny = change(["up"], (value) => value * 2 ** -66);
    const watch = look({ "mlp.hidden": "gram" }, () => {});
    const { model: scaled } = await run(model, [tiny], windows);
    const calls = await reported([watch], scaled, 2);
    const updates = calls.slice(1, -1).map(Number);
    // Half of a block is the pass and half of that to observe: three rounds of two windows.
    const rounds = [0, 1 / 2, 1 / 2, 3 / 4, 3 / 4, 7 / 8].map((share) => share / 4);
    assertEquals(
      updates,
      [0, 1, 2].flatMap((block) => [...rounds.map((each) => block + each), block + 1]),
    );
  }));

Deno.test("calibrate() throws its signal's reason at any moment, and leaves no tensors", () =>
  withModel("opt-pre", async (model) => {
    const passes = [
      ...gptqPasses({ bits: 3, groupSize: 32, actOrder: true, symmetric: false }),
      ...sitePasses({ profile: "paper", sites: { "mlp.hidden": byte } }),
    ];
    let updates = 0;
    await run(model, passes, windows, {
      progress: { ...silent, update: () => updates++ },
    });
    for (const share of [0, 0.1, 0.4, 0.7, 0.95]) {
      const controller = new AbortController();
      let left = Math.floor(share * updates);
      const calls: string[] = [];
      const progress = {
        ...silent,
        start: () => calls.push("start"),
        update: () => void (left-- <= 0 && controller.abort(new Error("enough"))),
        finish: () => calls.push("finish"),
      };
      const before = tf.memory().numTensors;
      const error = await assertRejects(() =>
        run(model, passes, windows, { progress, signal: controller.signal })
      );
      assert(error === controller.signal.reason);
      assertEquals([calls, tf.memory().numTensors], [["start"], before]);
    }
  }));

Deno.test("calibrate() leaves no tensors where a pass refuses a later block", () =>
  withModel("llama", async (model) => {
    const watch = look({ "mlp.input": "gram" }, (_seen, layer) => {
      if (layer === 2) throw new Error("no more");
    });
    const passes = [change(["up"], (value) => 2 * value), watch];
    const before = tf.memory().numTensors;
    await assertRejects(() => run(model, passes, windows), Error, "no more");
    assertEquals(tf.memory().numTensors, before);
  }));

Deno.test("calibrate() goes on behind the blocks that a store has, with what the store makes of them", () =>
  withModel("llama", async (model) => {
    const passes = gptqPasses({ bits: 4, groupSize: 8, symmetric: false, actOrder: true });
    const rounded = (layer: LayerWeights) =>
      changeValues(layer, [...linearNames], (value) => Math.f16round(value));
    const made: number[] = [];
    const storeOf = (blocks: LayerWeights[]): BlockStore => ({
      get: (layer) => Promise.resolve(blocks[layer]),
      put(layer, weights) {
        made.push(layer);
        return Promise.resolve(blocks[layer] = rounded(weights));
      },
    });
    const blocks: LayerWeights[] = [];
    const whole = await run(model, passes, windows, { store: storeOf(blocks) });
    const { layers } = model.architecture;
    assertEquals(made, Array.from({ length: layers }, (_, layer) => layer));
    const expected = await linearWeights(whole.model);
    assertEquals(whole.model.source.isStreamed, true);
    for (let done = 1; done <= layers; done++) {
      made.length = 0;
      const resumed = await run(model, passes, windows, { store: storeOf(blocks.slice(0, done)) });
      assertEquals(await linearWeights(resumed.model), expected);
      assertEquals(made, Array.from({ length: layers - done }, (_, left) => done + left));
    }
    const inMemory = await run(model, passes, windows);
    const [first, second] = [1, 2].map((layer) => `query of layer ${layer}`);
    const unrounded = await linearWeights(inMemory.model);
    assertNotEquals(unrounded.get(first), expected.get(first));
    assertNotEquals(unrounded.get(second), expected.get(second));
  }));

Deno.test("calibrate() carries on what a store makes of a block, though a pass has seen it before", () =>
  withModel("llama", async (model) => {
    const seen: Float32Array[][] = [];
    const passes = [
      change(["down"], (value) => value / 3),
      look({ "attn.input": "values" }, (found, layer) => {
        if (layer === 1) seen.push([...found.values("attn.input").windows]);
      }),
    ];
    const halved = (layer: LayerWeights) => changeValues(layer, ["down"], (value) => value / 2);
    const store: BlockStore = {
      get: () => Promise.resolve(undefined),
      put: (_, weights) => Promise.resolve(halved(weights)),
    };
    await run(model, passes, windows, { store });
    const sixth = change(["down"], (value) => Math.fround(value / 3) / 2);
    await run(model, [sixth, passes[1]], windows);
    assertEquals(seen[0], seen[1]);
  }));

Deno.test("calibrate() carries original blocks on, whatever part a pass looks at", () =>
  withModel("llama", async (model) => {
    const seen: Float32Array[][] = [];
    for (const part of [undefined, "mlp"] as const) {
      const watch = look({ "mlp.input": "values" }, (found, layer) => {
        if (layer === 1) seen.push([...found.values("mlp.input").windows]);
      }, { part, carries: "original" });
      await run(model, [change(["output"], (value) => 2 * value), watch], windows);
    }
    assertEquals(seen[0], seen[1]);
  }));

Deno.test("calibrate() takes windows through an attention once, unless a store rounds it", () =>
  withModel("llama", async (model) => {
    const passes = gptqPasses({ bits: 4, groupSize: 8, symmetric: false, actOrder: true });
    const storeOf = (isExact?: boolean): BlockStore => ({
      isExact,
      get: () => Promise.resolve(undefined),
      put: (_, weights) => Promise.resolve({ ...weights }),
    });
    const { attend } = Streams.prototype;
    let calls = 0;
    Streams.prototype.attend = function (...given) {
      calls++;
      attend.apply(this, given);
    };
    try {
      const blocks = model.architecture.layers * windows.length;
      for (const [store, times] of [[undefined, 1], [storeOf(), 0], [storeOf(true), 1]] as const) {
        calls = 0;
        await run(model, passes, windows, { store });
        assertEquals(calls, times * blocks);
      }
    } finally {
      Streams.prototype.attend = attend;
    }
  }));

Deno.test("calibrate() writes every block to a store, though no pass looks at windows", () =>
  withModel("llama", async (model) => {
    const puts: number[] = [];
    const store: BlockStore = {
      get: () => Promise.resolve(undefined),
      put: (layer, weights) => (puts.push(layer), Promise.resolve(weights)),
    };
    const streamed = { ...model, source: { ...model.source, isStreamed: true } };
    const double: Pass = {
      name: "double",
      settings: null,
      rewrite: (layer) => changeValues(layer, ["query"], (value) => 2 * value),
    };
    await calibrate(unquantized(streamed), [double], unread, { store });
    assertEquals(puts, Array.from({ length: model.architecture.layers }, (_, layer) => layer));
  }));
