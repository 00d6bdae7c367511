import { assertEquals } from "@std/assert";
import { decodeMatrix } from "../../lib/format/mod.ts";
import { awqLayout } from "../../lib/io/awq_layout.ts";
import type { PackedSettings } from "../../lib/io/packed_settings.ts";
import { readGolden } from "../golden/read_golden.ts";

const settings: PackedSettings = {
  method: "awq",
  bits: 4,
  groupSize: 16,
  zeroOffset: 0,
  actOrder: false,
};

Deno.test("awqLayout gives what another reader makes of the same words", () => {
  const { tensors } = readGolden("format/awq_gemm.safetensors"); // written by awq_gemm.py
  const shapes = Object.fromEntries([...tensors].map(([name, { shape }]) => [name, shape]));
  const { rows, columns } = awqLayout.size(shapes, settings);
  const shape = { rows, columns, groups: 3 };
  const expected = awqLayout.shapes(shape, settings);
  for (const part of ["qweight", "qzeros", "scales"] as const) {
    assertEquals(shapes[part], expected[part]);
  }
  const values = {
    qweight: tensors.get("qweight")!.data as Int32Array,
    qzeros: tensors.get("qzeros")!.data as Int32Array,
    scales: tensors.get("scales")!.data as Float32Array,
  };
  const matrix = awqLayout.matrix(values, shape, settings, "w");
  assertEquals(shapes.dequantized, [rows, columns]);
  assertEquals(decodeMatrix(matrix) as unknown, tensors.get("dequantized")!.data);
});

Deno.test("awqLayout has eight outputs in a word, in the order 0 2 4 6 1 3 5 7", () => {
  const values = {
    qweight: Int32Array.of(0x76543210),
    qzeros: Int32Array.of(0),
    scales: new Float32Array(8).fill(1),
  };
  const matrix = awqLayout.matrix(values, { rows: 8, columns: 1, groups: 1 }, settings, "w");
  assertEquals([...decodeMatrix(matrix)], [0, 4, 1, 5, 2, 6, 3, 7]);
});
