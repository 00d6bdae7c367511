import { assertEquals, assertThrows } from "@std/assert";
import { InputError } from "../../lib/core/mod.ts";
import {
  hadamardFactors,
  hadamardMatrix,
  hadamardOrder,
  requireHadamard,
  rotateByHadamard,
} from "../../lib/quant/mod.ts";
import { readGolden } from "../golden/read_golden.ts";
import { assertFloatsClose, randomFloats } from "../tensor/compare.ts";

const { tensors } = readGolden("rivals/quarot.safetensors");
const golden = (name: string) => tensors.get(name)!.data as Float32Array;

Deno.test("rotateByHadamard() rotates as QuaRot does", () => {
  for (const size of [12, 48, 20, 40, 80, 28, 112, 36, 144, 64, 768]) {
    const values = Float64Array.from(golden(`size${size}.input`));
    rotateByHadamard(values, size);
    assertFloatsClose(values, golden(`size${size}.output`), 1e-6);
  }
});

Deno.test("rotateByHadamard() rotates along a middle axis, each of its columns", () => {
  const [outer, size, inner] = [2, 24, 3];
  const values = Float64Array.from(randomFloats(outer * size * inner, 0));
  const rotated = values.slice();
  rotateByHadamard(rotated, size, inner);
  for (let column = 0; column < outer * inner; column++) {
    const start = Math.floor(column / inner) * size * inner + column % inner;
    const take = (from: Float64Array) =>
      Float64Array.from({ length: size }, (_, i) => from[start + i * inner]);
    const own = take(values);
    rotateByHadamard(own, size);
    assertFloatsClose(take(rotated), own, 1e-14);
  }
});

for (const size of [2, 12, 24, 40, 64, 128, 352, 576, 1536]) {
  Deno.test(`hadamardFactors() are the rotation of ${size} channels, and orthogonal`, () => {
    const { left, right } = hadamardFactors(size);
    assertEquals(left.order * right.order, size);
    for (const { order, entries } of [left, right]) {
      for (let row = 0; row < order; row++) {
        for (let other = row; other < order; other++) {
          let product = 0;
          for (let i = 0; i < order; i++) {
            product += entries[row * order + i] * entries[other * order + i];
          }
          assertFloatsClose([product], [row === other ? 1 : 0], 1e-6);
        }
      }
    }
    const values = randomFloats(size, 1);
    const expected = Float64Array.from(values);
    rotateByHadamard(expected, size);
    const product = Float64Array.from({ length: size }, (_, column) => {
      const [i, j] = [Math.floor(column / right.order), column % right.order];
      let sum = 0;
      values.forEach((value, row) => {
        const [k, l] = [Math.floor(row / right.order), row % right.order];
        sum += value * left.entries[k * left.order + i] * right.entries[l * right.order + j];
      });
      return sum;
    });
    assertFloatsClose(product, expected, 1e-6);
  });
}

Deno.test("hadamardFactors() of a power of two are Sylvester's, of about equal orders", () => {
  const { left, right } = hadamardFactors(8192);
  assertEquals([left.order, right.order], [128, 64]);
  assertEquals(hadamardFactors(11008).left.order, hadamardOrder(11008));
  assertEquals(Array.from(hadamardFactors(4).left.entries, (each) => Math.sign(each)), [
    ...hadamardMatrix(2).entries,
  ]);
});

Deno.test("requireHadamard() refuses a size that no matrix has", () => {
  requireHadamard(12, "rotate x", "the stream");
  const message = "Cannot rotate x: there must be a Hadamard matrix for the size of the stream, " +
    "got 18";
  assertThrows(() => requireHadamard(18, "rotate x", "the stream"), InputError, message);
  const values = new Float64Array(18);
  assertThrows(() => rotateByHadamard(values, 18), InputError, "the size of their axis, got 18");
  assertThrows(() => hadamardFactors(14), InputError, "the size of their axis, got 14");
});
