import { assertEquals, assertRejects, assertThrows } from "@std/assert";
import { decodeMatrix } from "../../lib/format/mod.ts";
import { denseMapOf } from "../../lib/linear/mod.ts";
import {
  blockOf,
  type LinearGroup,
  type MapMaker,
  openBlock,
  type StoredModule,
} from "../../lib/model/mod.ts";
import { tensorData, tf, tidy } from "../../lib/tensor/mod.ts";
import { assertFloatsClose, randomFloats } from "../tensor/compare.ts";
import { families, randomModel, tinyArchitectures } from "./tiny_models.ts";

for (const [name, architecture] of Object.entries(tinyArchitectures)) {
  Deno.test(`openBlock() opens the maps and norms of one block and frees them: ${name}`, async () => {
    const model = await randomModel(architecture);
    const stored = await model.source.layer(1);
    const before = tf.memory().numBytes;
    {
      using block = await openBlock(model, 1);
      const { inputNorm, mlpNorm, maps, layer } = block;
      assertEquals(layer, 1);
      for (const name of ["inputNorm", "mlpNorm"] as const) {
        assertEquals(block[name] !== undefined, architecture.normAffine);
        if (!block[name]) continue;
        const { gain, bias } = block[name];
        assertEquals(tensorData(gain), decodeMatrix(stored[name]!.weight));
        assertEquals(bias && tensorData(bias), stored[name]!.bias);
      }
      const linear = Object.keys(stored).filter((each) => !each.endsWith("Norm"));
      assertEquals(Object.keys(maps).toSorted(), linear.toSorted());
      for (const name of Object.keys(maps) as (keyof typeof maps)[]) {
        const { weight, bias } = stored[name]!;
        const [rows, columns] = [weight.rows, weight.columns];
        assertEquals(maps[name]!.byteLength, 4 * rows * (columns + (bias ? 1 : 0)));
        const x = randomFloats(columns, 1);
        const values = decodeMatrix(weight);
        const expected = Array.from(
          { length: rows },
          (_, row) =>
            x.reduce((sum, each, column) => sum + each * values[row * columns + column], 0) +
            (bias?.[row] ?? 0),
        );
        const output = tidy(() =>
          tensorData(maps[name]!.apply(tf.tensor2d(x, [1, columns]))).slice()
        );
        assertFloatsClose(output, expected, 1e-5);
      }
      const held = Object.values(maps).reduce((sum, { byteLength }) => sum + byteLength, 0);
      const norms = [inputNorm, mlpNorm].filter((norm) => norm !== undefined)
        .flatMap(({ gain, bias }) => bias ? [gain, bias] : [gain]);
      assertEquals(
        tf.memory().numBytes - before,
        held + 4 * norms.length * architecture.hiddenSize,
      );
    }
    assertEquals(tf.memory().numBytes, before);
  });
}

Deno.test("openBlock() asks the source for the maps of each group, with its layer", async () => {
  const model = await randomModel(families.llama);
  const asked: [LinearGroup["reads"], number, number][] = [];
  const maps: MapMaker = ({ reads }, modules, layer) => {
    asked.push([reads, modules.length, layer]);
    return modules.map(({ weight, bias }) => denseMapOf(weight, bias));
  };
  using block = await openBlock({ ...model, source: { ...model.source, maps } }, 1);
  assertEquals(block.layer, 1);
  assertEquals(asked, [
    ["attn.input", 3, 1],
    ["attn.output", 1, 1],
    ["mlp.input", 2, 1],
    ["mlp.hidden", 1, 1],
  ]);
});

Deno.test("blockOf() frees what it has opened when a map is refused", async () => {
  const model = await randomModel(families.opt);
  const weights = await model.source.layer(0);
  const before = tf.memory().numTensors;
  const refusing: MapMaker = ({ reads }, modules) => {
    if (reads === "mlp.hidden") throw new Error("refused");
    return modules.map(({ weight, bias }) => denseMapOf(weight, bias));
  };
  assertThrows(() => blockOf(weights, 0, refusing), Error, "refused");
  const unusable = { bias: weights.mlpNorm!.bias } as StoredModule;
  assertThrows(() => blockOf({ ...weights, mlpNorm: unusable }, 0), TypeError);
  assertEquals(tf.memory().numTensors, before);
});

Deno.test("openBlock() keeps no tensors when the source refuses", async () => {
  const model = await randomModel(families.opt);
  const before = tf.memory().numTensors;
  const layer = () => Promise.reject(new Error("refused"));
  const source = { ...model.source, layer };
  await assertRejects(() => openBlock({ ...model, source }, 0), Error, "refused");
  assertEquals(tf.memory().numTensors, before);
});

Deno.test("blockOf() keeps nothing where the second matrix of a group or a norm is refused", async () => {
  const model = await randomModel(families.llama);
  const weights = await model.source.layer(0);
  const before = tf.memory().numTensors;
  const decode = () => {
    throw new Error("refused");
  };
  for (const name of ["key", "up", "mlpNorm"] as const) {
    const { weight, bias } = weights[name]!;
    const { rows, columns, byteLength } = weight;
    const broken = { ...weights, [name]: { weight: { rows, columns, byteLength, decode }, bias } };
    assertThrows(() => blockOf(broken, 0), Error, "refused");
    assertEquals(tf.memory().numTensors, before);
  }
});
