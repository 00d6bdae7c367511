import { assert, assertEquals, assertRejects } from "@std/assert";
import { InputError } from "../../lib/core/mod.ts";
import {
  atSites,
  type BlockSource,
  eachWindow,
  type Finished,
  forward,
  type ForwardOptions,
  logits,
  type LowerTokens,
  type Model,
  type Runner,
  runWindows,
  type RunWindowsOptions,
} from "../../lib/model/mod.ts";
import { tensorData, tf, tidy } from "../../lib/tensor/mod.ts";
import { startTokenImportance } from "../../lib/tokens/mod.ts";
import {
  families,
  randomIds,
  randomModel,
  tinyArchitectures,
  withRandomModel,
} from "./tiny_models.ts";

const windows = [30, 7, 21, 18, 25].map((length, seed) => randomIds(length, seed));
const bytesOf = (tokens: number) => 4 * families.llama.hiddenSize * tokens;

const pruning = {
  ratios: new Map([[0, 0.3], [1, 0.5]]),
  importance: "startToken",
  positions: "renumber",
} as const;

const cases: Record<string, ForwardOptions> = {
  "plain": {},
  "pruned": { pruning },
  "pruned late": { pruning: { ...pruning, ratios: new Map([[1, 0.5]]) } },
  "pruned by maps, positions kept": {
    pruning: { ...pruning, importance: startTokenImportance, positions: "keep" },
  },
  "with tokens of fewer bits": { lower: { share: [0.3, 0.5], inherited: true } },
  "all at once": {
    pruning,
    lower: { share: 0.3, inherited: true },
    probabilities: { bits: 4, profile: "released", maximum: 1 },
    hook: atSites(
      ["attn.v", "mlp.hidden"],
      (value, { lower }) => tf.add(tf.mul(value, 0.9), lower?.length ?? 0),
    ),
  },
};

/** Everything that a run gives, as plain numbers. */
function numbersOf({ run: { hidden, exits, ...run }, ...owner }: Finished) {
  const numbers = (state: tf.Tensor2D) => [
    tensorData(state).slice(),
    tensorData(logits(owner, state)).slice(),
  ];
  return {
    ...run,
    hidden: numbers(hidden),
    exits: exits.map((exit) => ({ ...exit, hidden: numbers(exit.hidden) })),
  };
}

function runAll(runners: readonly Runner[], options: RunWindowsOptions = {}) {
  return runWindows(runners, windows, options, (finished) => finished.map(numbersOf));
}

for (const [name, architecture] of Object.entries(tinyArchitectures)) {
  for (const [how, options] of Object.entries(cases)) {
    Deno.test(`runWindows() is forward() of an open model, bit for bit, ${how}: ${name}`, () =>
      withRandomModel(architecture, async (open, model) => {
        const results = await runAll([{ model, options }]);
        for (const [index, window] of windows.entries()) {
          const expected = tidy(() => numbersOf({ ...open, run: forward(open, window, options) }));
          assertEquals(results[index], [expected]);
        }
      }));
  }
}

/** A model that writes down which blocks are asked for. */
function watched(model: Model): { model: Model; asked: number[] } {
  const asked: number[] = [];
  const layer = (index: number) => {
    asked.push(index);
    return model.source.layer(index);
  };
  return { model: { ...model, source: { ...model.source, layer } }, asked };
}

Deno.test("runWindows() gives the same in several groups of windows, bit for bit", async () => {
  const stored = await randomModel(tinyArchitectures.llama);
  const options = cases["all at once"];
  const { model, asked } = watched(stored);
  const whole = await runAll([{ model, options }]);
  assertEquals(asked, [0, 1]);
  // 30, 7, 21, 18 and 25 tokens. A window for which there is no room runs alone, waiting outside.
  for (const [room, groups] of [[58, 2], [37, 4], [30, 4], [20, 5], [0, 5]]) {
    asked.length = 0;
    assertEquals(await runAll([{ model, options }], { budget: bytesOf(room) }), whole);
    assertEquals(asked, Array(groups).fill([0, 1]).flat(), `room for ${room}`);
  }
});

Deno.test("runWindows() gives each of several runners what it gets alone, bit for bit", async () => {
  const models = [await randomModel(families.bloom), await randomModel(families.opt, 1)];
  const runners = models.flatMap((model) =>
    Object.values(cases).map((options) => ({ model, options }))
  );
  const together = await runAll(runners);
  // All runners share the budget.
  const split = await runAll(runners, { budget: bytesOf(40 * runners.length) });
  for (const [order, runner] of runners.entries()) {
    const alone = (await runAll([runner])).map(([result]) => result);
    assertEquals(together.map((results) => results[order]), alone);
    assertEquals(split.map((results) => results[order]), alone);
  }
});

Deno.test("runWindows() runs what runners that differ in pruning have in common once", async () => {
  const { model, asked } = watched(await randomModel({ ...families.llama, layers: 4 }));
  const prunedAt = (...layers: number[]) => ({
    ...pruning,
    ratios: new Map(layers.map((layer) => [layer, 0.5])),
  });
  const asks = async (...options: (ForwardOptions | undefined)[]) => {
    asked.length = 0;
    const runners = options.map((each) => ({ model, options: each }));
    const results = await runAll(runners);
    const blocks = [...asked];
    for (const [order, runner] of runners.entries()) {
      const alone = await runAll([runner]);
      assertEquals(results.map((each) => each[order]), alone.map(([result]) => result));
    }
    return blocks;
  };
  const [late, later] = [{ pruning: prunedAt(2, 3) }, { pruning: prunedAt(3) }];
  const all = [0, 1, 2, 3];
  assertEquals(await asks(late, {}), [...all, 2, 3]);
  assertEquals(await asks(undefined, late), [...all, 2, 3]);
  assertEquals(await asks(late, later, {}), [...all, 2, 3, 3]);
  assertEquals(await asks({}, undefined), all);
  const lower: LowerTokens = { share: 0.3, inherited: true };
  assertEquals(await asks({ ...late, lower }, { lower }), [...all, 2, 3]);
  assertEquals(await asks({ ...late, lower }, {}), [...all, ...all]);
  assertEquals(await asks({ pruning: prunedAt(0) }, {}), [...all, ...all]);
  assertEquals(await asks(late, { pruning: { ...late.pruning, positions: "keep" } }), [
    ...all,
    2,
    3,
  ]);
});

Deno.test("runWindows() tells hooks the number of a window, in any group", async () => {
  const model = await randomModel(families.opt);
  for (const budget of [undefined, bytesOf(58), 0]) {
    const met: string[] = [];
    const hook = atSites(["attn.q"], (value, { layer, window }) => {
      assertEquals(value.shape[0], windows[window].length);
      met.push(`${layer} ${window}`);
      return value;
    });
    const order: number[] = [];
    await runWindows(
      [{ model, options: { hook } }],
      windows,
      { budget },
      (_, index) => order.push(index),
    );
    assertEquals(order, [0, 1, 2, 3, 4]);
    const expected = [0, 1].flatMap((layer) => order.map((window) => `${layer} ${window}`));
    assertEquals(met.toSorted(), expected);
  }
});

Deno.test("runWindows() reports steps of windows up to their number", async () => {
  const model = await randomModel(families.llama);
  for (const [budget, runners] of [[undefined, 1], [undefined, 3], [bytesOf(80), 2]] as const) {
    const steps: number[] = [];
    const onStep = (done: number) => void steps.push(done);
    await runAll(Array(runners).fill({ model }), { budget, onStep });
    assertEquals(steps, steps.toSorted((a, b) => a - b));
    assertEquals(steps.at(-1), 5);
    assert(steps[0] > 0 && steps[0] < 1);
  }
});

Deno.test("runWindows() of no windows is empty", async () => {
  const model = await randomModel(families.llama);
  assertEquals(await runWindows([{ model }], [], {}, () => 1), []);
});

Deno.test("runWindows() of no windows opens nothing, and refuses to run no model", async () => {
  const { model, asked } = watched(await randomModel(families.llama));
  const before = tf.memory().numTensors;
  assertEquals(await runWindows([{ model }], [], {}, () => 1), []);
  assertEquals(asked, []);
  await assertRejects(
    () => runWindows([], windows, {}, () => 1),
    InputError,
    "Cannot run windows: there must be at least one model",
  );
  assertEquals(tf.memory().numTensors, before);
});

Deno.test("eachWindow() ends where its caller does, before the next group, and keeps no tensors", async () => {
  const { model, asked } = watched(await randomModel(families.llama));
  const before = tf.memory().numTensors;
  const seen: number[] = [];
  const running = eachWindow([{ model }], windows, { budget: bytesOf(58) }, (_, index) => index);
  for await (const index of running) {
    seen.push(index);
    if (index === 1) break;
  }
  assertEquals(seen, [0, 1]);
  assertEquals(asked, [0, 1]); // of the first group, 30, 7 and 21 tokens
  assertEquals(tf.memory().numTensors, before);
});

Deno.test("runWindows() holds one block at a time", async () => {
  const stored = await randomModel({ ...families.llama, layers: 4 });
  const counts: number[] = [];
  const layer = (index: number) => {
    counts.push(tf.memory().numTensors);
    return stored.source.layer(index);
  };
  await runAll([{ model: { ...stored, source: { ...stored.source, layer } } }]);
  assertEquals(counts, Array(4).fill(counts[0]));
});

Deno.test("runWindows() holds one head for all runners of a model", async () => {
  const model = await randomModel(families.llama);
  const changed = { ...model, source: { ...model.source } }; // as a method leaves the outer modules
  const heldBy = async (runners: Runner[]) => {
    const before = tf.memory().numTensors;
    const held = await runWindows(runners, windows.slice(0, 1), {}, (finished) => {
      for (const { run, ...owner } of finished) tidy(() => void logits(owner, run.hidden));
      return tf.memory().numTensors - before - runners.length; // without the streams
    });
    return held[0];
  };
  assertEquals(await heldBy([{ model }]), 2); // the final norm and the head
  assertEquals(await heldBy([{ model }, { model: changed }, { model }]), 2);
  assertEquals(await heldBy([{ model }, { model: await randomModel(families.llama) }]), 4);
});

for (
  const [how, run] of [
    ["its signal was aborted before", ({ model }) => {
      const signal = AbortSignal.abort(new Error("stopped"));
      return runAll([{ model }], { signal });
    }],
    ["its signal is aborted on the way", ({ model }) => {
      const controller = new AbortController();
      const { signal } = controller;
      const onStep = (done: number) => done > 2 && controller.abort(new Error("stopped"));
      return runAll([{ model, options: cases.pruned }, { model }], { signal, onStep });
    }],
    ["the signal of one runner is aborted", ({ model }) => {
      const controller = new AbortController();
      const { signal } = controller;
      const hook = atSites(["attn.q"], (value, { window }) => {
        if (window === 3) controller.abort(new Error("stopped"));
        return value;
      });
      return runAll([{ model }, { model, options: { signal, hook } }]);
    }],
    ["what hears its steps throws", ({ model }) =>
      runAll([{ model }, { model }], {
        onStep() {
          throw new Error("stopped");
        },
      })],
    [
      "the reading of a window throws",
      ({ model }) =>
        runWindows([{ model, options: cases.pruned }], windows, {}, (_, index) => {
          if (index === 2) throw new Error("stopped");
        }),
    ],
    ["a hook throws", ({ model }) => {
      const hook = atSites(["mlp.hidden"], (value, { layer, window }) => {
        if (layer === 1 && window === 3) throw new Error("stopped");
        return value;
      });
      return runAll([{ model, options: { ...cases.pruned, hook } }]);
    }],
    ["a block cannot be had", ({ model, source }) => {
      const layer = (index: number) =>
        index === 1 ? Promise.reject(new Error("stopped")) : source.layer(index);
      return runAll([{ model }, { model: { ...model, source: { ...source, layer } } }]);
    }],
  ] as [string, (given: { model: Model; source: BlockSource }) => Promise<unknown>][]
) {
  Deno.test(`runWindows() keeps no tensors where ${how}`, async () => {
    const model = await randomModel(families.llama);
    const before = tf.memory();
    await assertRejects(() => run({ model, source: model.source }), Error, "stopped");
    assertEquals(tf.memory().numTensors, before.numTensors);
    assertEquals(tf.memory().numBytes, before.numBytes);
  });
}

Deno.test("runWindows() refuses what forward() refuses and keeps no tensors", async () => {
  const model = await randomModel(families.opt);
  const before = tf.memory().numTensors;
  const refused = async (run: () => Promise<unknown>, message: string) => {
    await assertRejects(run, InputError, message);
    assertEquals(tf.memory().numTensors, before);
  };
  const runWindow = (window: Int32Array) =>
    runWindows([{ model }, { model }], [windows[0], window], {}, () => 1);
  await refused(() => runWindow(new Int32Array(65)), "a window must have 1..64 tokens, got 65");
  await refused(() => runWindow(Int32Array.of(50)), "token ids must be 0..49, got 50");
  const strange = { ...pruning, ratios: new Map([[2, 0.5]]) };
  await refused(
    () => runAll([{ model }, { model, options: { pruning: strange } }]),
    "Cannot prune tokens: layers must be 0..1, got 2",
  );
});

Deno.test("runWindows() passes the blocks before those in which models differ once, and gives the same", async () => {
  const { model: base, asked } = watched(await randomModel({ ...families.llama, layers: 3 }));
  const other = await randomModel({ ...families.llama, layers: 3 }, 1);
  const changed = (layer: number): Model => ({
    ...base,
    source: {
      ...base.source,
      layer: (index) => (index === layer ? other : base).source.layer(index),
    },
  });
  const apart = await runAll([1, 2].map((layer) => ({ model: changed(layer) })));
  asked.length = 0;
  const runners = [1, 2].map((layer) => ({
    model: changed(layer),
    base: { model: base, before: layer },
  }));
  assertEquals(await runAll(runners), apart);
  assertEquals(asked, [0, 2, 1]);
});
