import { assertEquals, assertThrows } from "@std/assert";
import { InputError } from "../../lib/core/mod.ts";
import { disposeLayer, startLayer } from "../../lib/model/layer_cache.ts";
import { tf, tidy } from "../../lib/tensor/mod.ts";
import { tinyArchitectures } from "./tiny_models.ts";

Deno.test("startLayer() keeps nothing yet, in any precision", () =>
  tidy(() => {
    for (const precision of ["float32", "int8", { bits: 2, groupSize: 4, residual: 4 }] as const) {
      const { key, value } = startLayer(tinyArchitectures.llama, 3, precision);
      assertEquals([key.byteLength, value.byteLength], [0, 0]);
      const layer = { key: key.append(tf.ones([2, 24])), value: value.append(tf.ones([2, 24])) };
      assertEquals(layer.key.read().shape, [2, 24]);
      assertEquals(layer.value.byteLength, precision === "int8" ? 2 * 24 + 4 * 2 * 6 : 2 * 24 * 4);
      disposeLayer(layer);
      disposeLayer({ key, value });
    }
  }));

Deno.test("startLayer() refuses groups that do not divide a head", () => {
  const message =
    "Cannot quantize cached keys of layer 3: groups must divide the 4 channels of a " +
    "head, got 32";
  const precision = { bits: 2, groupSize: 32, residual: 128 };
  assertThrows(() => startLayer(tinyArchitectures.llama, 3, precision), InputError, message);
});
