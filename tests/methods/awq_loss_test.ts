import { assertEquals, assertRejects } from "@std/assert";
import { lossOfMap, lossOfPart } from "../../lib/methods/awq_loss.ts";
import { decodeMatrix } from "../../lib/format/mod.ts";
import { tf } from "../../lib/tensor/mod.ts";
import { randomModel, tinyArchitectures } from "../model/tiny_models.ts";
import { assertClose } from "./awq_support.ts";
import { randomFloats } from "../tensor/compare.ts";

/** A block of OPT with a map of its own, and what it might read. */
async function mapAndValues() {
  const model = await randomModel(tinyArchitectures["opt"]);
  const layer = await model.source.layer(0);
  const { weight } = layer.up!;
  const { rows, columns } = weight;
  const map = { values: decodeMatrix(weight), rows, columns, bits: 4, groupSize: 8, name: "up" };
  const windows = [7, 20, 1].map((tokens, seed) => randomFloats(tokens * columns, seed));
  return { layer, map, values: { channels: columns, windows } };
}

Deno.test("lossOfMap() is what computing the map anew gives, in steps that do not go back", async () => {
  const { layer, map, values } = await mapAndValues();
  const steps: number[] = [];
  const onStep = (share: number) => void steps.push(share);
  const before = tf.memory().numTensors;
  const lossOf = await lossOfMap(map, values, { onStep });
  const slowLossOf = await lossOfPart(
    layer,
    ["up"],
    ({ maps }, input) => maps.up!.apply(input),
    values,
    { layer: 0, onStep() {} },
  );
  for (const factor of [0.9, 1.01, 3]) {
    const changed = [map.values.map((each, i) => i % 3 === 0 ? each * factor : each)];
    assertClose(await lossOf(changed), await slowLossOf(changed), 1e-5, `${factor}`);
  }
  assertEquals([await lossOf([map.values]), await slowLossOf([map.values])], [0, 0]);
  assertEquals(steps, [...steps].sort((a, b) => a - b));
  assertEquals([steps[0], tf.memory().numTensors], [0, before]);
});

Deno.test("lossOfPart() and lossOfMap() stop between two windows", async () => {
  const { layer, map, values } = await mapAndValues();
  const onStep = (share: number) => {
    if (share > 0) throw new Error("stopped");
  };
  await assertRejects(() => lossOfMap(map, values, { onStep }), Error, "stopped");
  await assertRejects(
    () => lossOfPart(layer, ["up"], (_, input) => input, values, { layer: 0, onStep }),
    Error,
    "stopped",
  );
});
