import { assertEquals, assertThrows } from "@std/assert";
import { InputError } from "../../lib/core/mod.ts";
import { decodeMatrix } from "../../lib/format/mod.ts";
import { floatTensor } from "../../lib/io/mod.ts";

Deno.test("floatTensor() keeps the type, and rounds float64", () => {
  const shape = [2, 1];
  const tensors = [
    { dtype: "F64", shape, data: Float64Array.of(1 / 3, -1e-300) },
    { dtype: "F32", shape, data: Float32Array.of(0.1, -0) },
    { dtype: "F16", shape, data: Float16Array.of(2 ** -24, -65504) },
    { dtype: "BF16", shape, data: Uint16Array.of(0x3f80, 0xff80) },
  ] as const;
  const matrices = tensors.map((each) => floatTensor({ ...each, shape }, "read"));
  assertEquals(matrices.map(({ dtype }) => dtype), ["F32", "F32", "F16", "BF16"]);
  assertEquals(matrices.map(decodeMatrix), [
    Float32Array.of(1 / 3, -0),
    Float32Array.of(0.1, -0),
    Float32Array.of(2 ** -24, -65504),
    Float32Array.of(1, -Infinity),
  ]);
});

Deno.test("floatTensor() makes one row of a vector, and joins all dimensions but the last", () => {
  const data = new Float32Array(12);
  const shapeOf = (shape: number[]) => {
    const { rows, columns } = floatTensor({ dtype: "F32", shape, data }, "read");
    return [rows, columns];
  };
  assertEquals(shapeOf([12]), [1, 12]);
  assertEquals(shapeOf([3, 4]), [3, 4]);
  assertEquals(shapeOf([2, 3, 2]), [6, 2]);
});

Deno.test("floatTensor() refuses other element types, scalars and what is empty", () => {
  const refused = (shape: number[], message: string, dtype: "I8" | "F32" = "F32") => {
    const data = dtype === "I8" ? new Int8Array(1) : new Float32Array(shape.includes(0) ? 0 : 1);
    assertThrows(() => floatTensor({ dtype, shape, data }, "read x"), InputError, message);
  };
  const floats =
    'Cannot read x: dtype must be F32, F16, BF16 or F64 to be read as floats, got "I8"';
  refused([1], floats, "I8");
  const elements = "Cannot read x: it must have elements along a dimension, got ";
  refused([], `${elements}[]`);
  refused([0, 2], `${elements}[0,2]`);
});
