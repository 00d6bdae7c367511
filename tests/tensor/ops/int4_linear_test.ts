import { assertEquals, assertThrows } from "@std/assert";
import fc from "fast-check";
import { InputError } from "../../../lib/core/mod.ts";
import { affineMatrix, type GridSteps } from "../../../lib/format/mod.ts";
import { linearInt4, packLanes } from "../../../lib/int4/mod.ts";
import {
  int4Linear,
  type LaneTensors,
  type PackedMap,
  tensorData,
  tf,
  tidy,
  useBackend,
} from "../../../lib/tensor/mod.ts";
import { type LayerOperands, layers } from "../../int4/reference.ts";

await useBackend("agile");

/** Activations `2^shift[c] * (code - zero)` and the grid on which they are these codes again. */
function values({ activations, layer: { columns }, input: { zeroPoint, shift } }: LayerOperands) {
  const x = Float32Array.from(
    activations,
    (code, i) => 2 ** shift[i % columns] * (code - zeroPoint),
  );
  const steps: GridSteps = {
    scale: Float32Array.from(shift, (power) => 2 ** power),
    shift: new Float32Array(columns),
    low: new Float32Array(columns).fill(-zeroPoint),
    high: new Float32Array(columns).fill(15 - zeroPoint),
  };
  return { x: tf.tensor2d(x, [x.length / columns, columns]), steps };
}

function mapOf({ layer, input }: LayerOperands, bias?: tf.Tensor1D): PackedMap<LaneTensors> {
  const packed = packLanes(affineMatrix(layer), input);
  return { weight: { ...packed, memory: tf.tensor1d(new Float32Array(packed.memory)) }, bias };
}

Deno.test("int4Linear() equals linearInt4() bit for bit, and threads change nothing", () => {
  for (const [m, runs] of [[13, 40], [300, 4]]) {
    fc.assert(
      fc.property(layers({ m, columns: [1, 200], rows: 70 }), (drawn) => {
        tidy(() => {
          const { x, steps } = values(drawn);
          const [product] = int4Linear(x, steps, [mapOf(drawn)]);
          const { activations, layer, input } = drawn;
          assertEquals(tensorData(product), linearInt4(activations, affineMatrix(layer), input));
        });
      }),
      { numRuns: runs },
    );
  }
});

Deno.test("int4Linear() applies several maps, of one layout or of two, and starts from the bias", () => {
  fc.assert(
    fc.property(layers({ m: 5, columns: [10, 60], rows: 20 }), fc.boolean(), (drawn, reorder) => {
      tidy(() => {
        const { x, steps } = values(drawn);
        const { layer } = drawn;
        const other = reorder
          ? { ...layer, groupIndex: layer.groupIndex.map((group, i) => i === 0 ? 0 : group) }
          : layer;
        const bias = tf.tensor1d(Float32Array.from({ length: layer.rows }, (_, i) => i - 4));
        const products = int4Linear(x, steps, [
          mapOf(drawn, bias),
          mapOf({ ...drawn, layer: other }),
        ]);
        const [first] = int4Linear(x, steps, [mapOf(drawn, bias)]);
        const [second] = int4Linear(x, steps, [mapOf({ ...drawn, layer: other })]);
        assertEquals(products.map(tensorData), [first, second].map(tensorData));
        const nothing = int4Linear(tf.mul(x, 0) as tf.Tensor2D, steps, [mapOf(drawn, bias)])[0];
        const rows = Array.from({ length: drawn.m }, () => Array.from(tensorData(bias)));
        assertEquals(Array.from(tensorData(nothing)), rows.flat());
      });
    }),
    { numRuns: 30 },
  );
});

Deno.test("int4Linear() refuses values that are not finite, and other columns", () => {
  fc.assert(
    fc.property(layers({ m: 5, columns: [2, 60], rows: 20 }), (drawn) => {
      tidy(() => {
        const { x, steps } = values(drawn);
        const map = mapOf(drawn);
        for (const value of [NaN, Infinity, -Infinity]) {
          const strange = tensorData(x).slice();
          strange[strange.length - 1] = value;
          assertThrows(
            () => int4Linear(tf.tensor2d(strange, x.shape), steps, [map], "the input"),
            InputError,
            `Cannot quantize the input: element ${strange.length - 1} must be finite, got ${value}`,
          );
        }
        const { columns } = drawn.layer;
        assertThrows(
          () => int4Linear(tf.zeros([2, columns + 1]), steps, [map], "the input"),
          InputError,
          `Cannot multiply the input in integers: it must be [rows, ${columns}], got [2,`,
        );
      });
    }),
    { numRuns: 10 },
  );
});
