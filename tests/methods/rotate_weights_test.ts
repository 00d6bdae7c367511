import { assertEquals } from "@std/assert";
import { floatMatrix } from "../../lib/format/mod.ts";
import {
  absorbNorm,
  centreOutputs,
  centreRows,
  changeRows,
  openWide,
  rotateHeads,
  rotateOutputs,
  rotateRows,
  storeWide,
} from "../../lib/methods/rotate_weights.ts";
import { decodeMatrix } from "../../lib/format/mod.ts";
import { rotateByHadamard } from "../../lib/quant/mod.ts";
import { readGolden } from "../golden/read_golden.ts";
import { assertFloatsClose } from "../tensor/compare.ts";

// tests/golden/rivals/README.md says what each is.
const { tensors } = readGolden("rivals/quarot.safetensors");
const golden = (name: string) => tensors.get(name)!.data as Float32Array;
const signs = Int8Array.from(golden("linear.signs"));

const moduleOf = (name: string, bias?: string) => {
  const { shape: [rows, columns], data } = tensors.get(name)!;
  const weight = floatMatrix("F32", data as Float32Array, rows, columns);
  return { weight, bias: bias ? golden(bias) : undefined };
};

/** A norm that has nothing but a gain, or nothing but a bias. */
const normOf = (gain: Float32Array, bias?: Float32Array) => ({
  weight: floatMatrix("F32", gain, 1, gain.length),
  bias,
});

Deno.test("absorbNorm() and rotateRows() fuse and rotate a map as QuaRot does", () => {
  const map = openWide(moduleOf("linear.weight"));
  absorbNorm(map, normOf(golden("linear.norm_weight")));
  assertFloatsClose(map.values, golden("linear.weight_fused"), 1e-6);
  rotateRows(map.values, signs);
  assertFloatsClose(map.values, golden("linear.weight_rotated"), 1e-6);
  assertEquals(storeWide(map).bias, undefined);
});

Deno.test("absorbNorm() takes the bias of a layer norm as QuaRot does", () => {
  const map = openWide(moduleOf("opt.weight", "opt.bias"));
  const gain = golden("opt.weight_fused").subarray(0, 96).map((value, i) =>
    value / golden("opt.weight")[i]
  );
  absorbNorm(map, normOf(gain, golden("opt.norm_bias")));
  assertFloatsClose(map.values, golden("opt.weight_fused"), 1e-6);
  assertFloatsClose(map.bias!, golden("opt.bias_fused"), 1e-6);
  const plain = openWide(moduleOf("opt.weight"));
  absorbNorm(plain, normOf(gain, golden("opt.norm_bias")));
  const shift = golden("opt.bias_fused").map((value, i) => value - golden("opt.bias")[i]);
  assertFloatsClose(storeWide(plain).bias!, shift, 1e-5);
});

Deno.test("centreOutputs() takes the mean out of weight and bias as QuaRot does", () => {
  const map = openWide(moduleOf("opt.out_weight", "opt.out_bias"));
  centreOutputs(map);
  assertFloatsClose(map.values, golden("opt.out_weight_baked"), 1e-6);
  assertFloatsClose(map.bias!, golden("opt.out_bias_baked"), 1e-6);
});

Deno.test("rotateOutputs() rotates the down projection as QuaRot does", () => {
  const map = openWide(moduleOf("down.weight"));
  rotateOutputs(map, signs);
  rotateByHadamard(map.values, map.columns);
  assertFloatsClose(map.values.subarray(0, 4 * 144), golden("down.weight_rotated"), 1e-6);
});

Deno.test("rotateHeads() rotates values, whose output projection undoes it, as QuaRot does", () => {
  const value = openWide(moduleOf("ov.v_weight"));
  rotateHeads(value, 8);
  assertFloatsClose(value.values, golden("ov.v_weight_rotated"), 1e-6);
  const output = openWide(moduleOf("ov.o_weight"));
  rotateByHadamard(output.values, 8);
  rotateByHadamard(output.values, 12, 8);
  assertFloatsClose(output.values, golden("ov.o_weight_rotated"), 1e-6);
});

Deno.test("rotateOutputs() and rotateHeads() rotate biases as one more column", () => {
  const values = Float32Array.from({ length: 16 }, (_, i) => Math.sin(i));
  const open = () =>
    openWide({ weight: floatMatrix("F32", values, 16, 1), bias: Float32Array.from(values) });
  const [turned, headwise] = [open(), open()];
  rotateOutputs(turned, Int8Array.from({ length: 16 }, (_, i) => i % 3 === 0 ? -1 : 1));
  assertFloatsClose(turned.bias!, turned.values, 1e-15);
  rotateHeads(headwise, 4);
  assertFloatsClose(headwise.bias!, headwise.values, 1e-15);
});

Deno.test("centreRows() leaves rows whose mean is 0", () => {
  const values = Float64Array.of(1, 2, 6, -1, 0, 1);
  centreRows(values, 3);
  assertEquals([...values], [-2, -1, 3, -1, 0, 1]);
});

Deno.test("changeRows() changes rows a part at a time, and says which they are", () => {
  const [rows, columns] = [5, 2 ** 20]; // four together
  const weight = floatMatrix("F32", new Float32Array(rows * columns).fill(1), rows, columns);
  const seen: number[][] = [];
  const changed = changeRows(weight, (values, width, firstRow) => {
    seen.push([values.length / width, firstRow]);
    values.fill(firstRow + 2);
  });
  assertEquals(seen, [[4, 0], [1, 4]]);
  const decoded = decodeMatrix(changed);
  assertEquals([decoded[0], decoded[4 * columns - 1], decoded[4 * columns]], [2, 2, 6]);
});
