import { assertEquals, assertRejects } from "@std/assert";
import { InputError, pauses } from "../../lib/core/mod.ts";
import { triangleSize } from "../../lib/format/mod.ts";
import { observe } from "../../lib/methods/observe.ts";
import type { Pass, Seen } from "../../lib/methods/mod.ts";
import { seenAt } from "../../lib/methods/seen.ts";
import { openBlock, openOuter, Streams } from "../../lib/model/mod.ts";
import { tf } from "../../lib/tensor/mod.ts";
import { randomIds, withModel } from "../eval/tiny_models.ts";

const windows = [randomIds(24, 1), randomIds(16, 2)];

/** What a pass observes of the first block of a tiny model. */
async function observed(
  name: "llama" | "opt-pre",
  pass: Pass,
  onStep: (share: number) => void,
): Promise<Seen> {
  let seen!: Seen;
  await withModel(name, async (model) => {
    using outer = openOuter(model.source.outer);
    using streams = new Streams({ architecture: model.architecture, outer }, windows);
    using block = await openBlock(model, 0);
    const before = tf.memory().numTensors;
    const view = { model: name, block, streams, options: {}, carries: "rewritten" } as const;
    try {
      seen = seenAt(await observe(pass, view, pauses(), onStep));
    } finally {
      assertEquals(tf.memory().numTensors, before);
    }
  });
  return seen;
}

Deno.test("observe() gathers every site as the pass asks, of all windows, and reports each", async () => {
  const observes = { "attn.input": "values", "mlp.hidden": "gram", "attn.v": "range" } as const;
  const steps: number[] = [];
  const seen = await observed("llama", { name: "look", settings: null, observes }, (share) => {
    steps.push(share);
  });
  const { channels, windows: values } = seen.values("attn.input");
  assertEquals(values.map(({ length }) => length / channels), [24, 16]);
  assertEquals(seen.range("attn.v").min.length, 1);
  assertEquals(Number.isInteger(triangleSize(seen.gram("mlp.hidden").length)), true);
  assertEquals(steps, [0, 0.5]);
});

Deno.test("observe() refuses a site that the block lacks, naming site and pass", async () => {
  const pass: Pass = { name: "look", settings: null, observes: { "attn.qBeforeRotary": "range" } };
  await assertRejects(
    () => observed("opt-pre", pass, () => {}),
    InputError,
    "Cannot calibrate opt-pre: its blocks must have attn.qBeforeRotary, which look observes",
  );
});

for (const kind of ["values", "gram", "channelRange", { trip: { bits: 8, K: 3 } }] as const) {
  Deno.test(`observe() refuses ${JSON.stringify(kind)} of attention maps`, async () => {
    const pass: Pass = { name: "look", settings: null, observes: { "attn.probs": kind } };
    const rule =
      "look must observe the range of all of attn.probs: a window gives several runs of maps";
    await assertRejects(
      () => observed("llama", pass, () => {}),
      InputError,
      `Cannot calibrate llama: ${rule}, and keys are no channels, got ${JSON.stringify(kind)}`,
    );
  });
}

Deno.test("observe() gathers the range of attention maps, of all tokens alone", async () => {
  const pass: Pass = { name: "look", settings: null, observes: { "attn.probs": "range" } };
  const { min, max } = (await observed("llama", pass, () => {})).range("attn.probs");
  assertEquals([...min, ...max], [0, 1]);
  const rule = "look must observe the range of all of attn.probs";
  const lower = () => observed("llama", { ...pass, sees: "lower" }, () => {});
  await assertRejects(lower, InputError, rule);
});

Deno.test("observe() ends where its caller throws", async () => {
  const reason = new Error("stopped");
  const pass: Pass = { name: "look", settings: null, observes: { "mlp.input": "gram" } };
  const stop = (share: number) => {
    if (share > 0) throw reason;
  };
  assertEquals(await assertRejects(() => observed("llama", pass, stop)), reason);
});
