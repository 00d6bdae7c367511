import { assert, assertAlmostEquals, assertEquals, assertRejects } from "@std/assert";
import { InputError, pauses } from "../../lib/core/mod.ts";
import { FisherInformation } from "../../lib/methods/fisher.ts";
import { type Calibration, type Pass } from "../../lib/methods/mod.ts";
import { linearGroups, type Model, moduleShapes, parameterKinds } from "../../lib/model/mod.ts";
import { lossAndGradients, openTrainable } from "../../lib/train/mod.ts";
import { tf } from "../../lib/tensor/mod.ts";
import { randomModel, tinyArchitectures } from "../model/tiny_models.ts";
import { randomIds, withModel } from "../eval/tiny_models.ts";
import { calibrationOf } from "./support.ts";

const all: Pass = {
  ...{ name: "look", settings: null },
  observes: Object.fromEntries(linearGroups.map(({ reads }) => [reads, "fisher"])),
};

function informationOf(model: Model, windows: Int32Array[], budget?: number, passes = [all]) {
  return new FisherInformation(model, passes, calibrationOf(windows), { budget });
}

/** By `3 up`, the sum of squared gradients as training finds them of one window after the other. */
async function slowFisher(model: Model, windows: Int32Array[]): Promise<Map<string, number[]>> {
  using trainable = await openTrainable(model);
  const names = moduleShapes(model.architecture).flatMap((shape) =>
    parameterKinds(shape).map((kind) => `${shape.layer} ${shape.name} ${kind}`)
  );
  const sums = new Map<string, number[]>();
  for (const window of windows) {
    const batch = { inputs: window.slice(0, -1), targets: window.slice(1) };
    const { gradients } = lossAndGradients(trainable, batch, 1);
    names.forEach((name, index) => {
      const before = sums.get(name);
      sums.set(name, Array.from(gradients[index], (each, i) => (before?.[i] ?? 0) + each ** 2));
    });
  }
  return sums;
}

const windows = [randomIds(12, 1), randomIds(9, 2), randomIds(7, 3)].map((ids) =>
  ids.map((id) => id % 16)
);

for (const [name, architecture] of Object.entries(tinyArchitectures)) {
  Deno.test(`FisherInformation sums up the squared gradients of training: ${name}`, async () => {
    const model = await randomModel(architecture);
    const before = tf.memory().numTensors;
    const expected = await slowFisher(model, windows);
    const steps: number[] = [];
    const information = informationOf(model, windows, 1); // a window at a time
    for (let layer = 0; layer < architecture.layers; layer++) {
      const found = await information.of(layer, pauses(), (share) => void steps.push(share));
      for (const [map, values] of found) {
        const slow = expected.get(`${layer} ${map} weight`)!;
        assertEquals(values.length, slow.length, map);
        const largest = Math.max(...slow);
        assert(largest > 0, map);
        values.forEach((value, i) => assertAlmostEquals(value / largest, slow[i] / largest, 1e-4));
      }
    }
    assertEquals(steps, steps.toSorted((a, b) => a - b));
    assertEquals(tf.memory().numTensors, before);
  });
}

Deno.test("FisherInformation is the same however many windows run together, and is found once", () =>
  withModel("llama", async (model) => {
    let asked = 0;
    const calibration = (): Calibration => {
      asked++;
      return { weightWindows: windows, activationWindows: [] };
    };
    const together = new FisherInformation(model, [all], calibration);
    const alone = informationOf(model, windows, 1);
    for (const layer of [0, 2]) {
      const [one, other] = [
        await together.of(layer, pauses(), () => {}),
        await alone.of(layer, pauses(), () => {}),
      ];
      assertEquals(one, other);
    }
    assertEquals(asked, 1);
    assertEquals((await together.of(0, pauses(), () => {})).size, 0); // forgotten
  }));

Deno.test("FisherInformation looks at the maps that read the sites of its passes alone", () =>
  withModel("llama", async (model) => {
    const pass: Pass = { ...all, observes: { "attn.output": "fisher", "mlp.input": "range" } };
    const information = informationOf(model, windows, undefined, [pass]);
    assertEquals([...(await information.of(1, pauses(), () => {})).keys()], ["output"]);
  }));

Deno.test("FisherInformation refuses sites that no map reads, single tokens, and no windows", () =>
  withModel("llama", async (model) => {
    const bad: Pass = { ...all, observes: { "attn.q": "fisher" } };
    const refused = [
      [
        informationOf(model, windows, 1, [bad]),
        'gradients need a site that maps read, got "attn.q"',
      ],
      [informationOf(model, []), "there must be at least one calibration window"],
      [informationOf(model, [randomIds(1, 1)]), "a window must have at least 2 tokens, got 1"],
    ] as const;
    for (const [information, rule] of refused) {
      await assertRejects(() => information.of(0, pauses(), () => {}), InputError, rule);
    }
  }));
