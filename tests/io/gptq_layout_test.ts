import { assertEquals } from "@std/assert";
import { decodeMatrix } from "../../lib/format/mod.ts";
import { gptqLayout } from "../../lib/io/gptq_layout.ts";
import type { PackedSettings } from "../../lib/io/packed_settings.ts";

const settings: PackedSettings = {
  method: "gptq",
  bits: 4,
  groupSize: 4,
  zeroOffset: 1,
  actOrder: false,
};

/** Of two outputs and eight inputs in groups of four: codes 0..7 and 8..15. */
const values = {
  qweight: Int32Array.of(0x76543210, 0xfedcba98),
  qzeros: Int32Array.of(0x30, 0xf1), // outputs from the low bits up
  scales: Float32Array.of(1, 2, 0.5, 4), // [groups, outputs]
};
const shape = { rows: 2, columns: 8, groups: 2 };

Deno.test("gptqLayout multiplies differences from a stored zero plus one, modulo 2^bits", () => {
  const matrix = gptqLayout.matrix(values, shape, settings, "w");
  assertEquals([matrix.rows, matrix.columns, matrix.groups], [2, 8, 2]);
  // Zero points: 1 and 4 in group 0; 2 and, since 15 + 1 is 0 in four bits, 0 in group 1.
  assertEquals([...matrix.zeroPoints()], [1, 2, 4, 0]);
  const first = [-1, 0, 1, 2, 1, 1.5, 2, 2.5];
  const second = [8, 10, 12, 14, 48, 52, 56, 60];
  assertEquals([...decodeMatrix(matrix)], [...first, ...second]);
  assertEquals(matrix.byteLength, 8 + 4 * 4 + 2);
});

Deno.test("gptqLayout takes the zeros of version 2 as they are, and groups from the index", () => {
  const version2 = { ...settings, zeroOffset: 0, actOrder: false } as const;
  const groupIndex = Int32Array.of(1, 0, 1, 0, 1, 0, 1, 0);
  const matrix = gptqLayout.matrix({ ...values, groupIndex }, shape, version2, "w");
  assertEquals([...matrix.zeroPoints()], [0, 1, 3, 15]);
  const row = [-0.5, 1, 0.5, 3, 1.5, 5, 2.5, 7];
  assertEquals([...decodeMatrix(matrix)].slice(0, 8), row);
});

Deno.test("gptqLayout reads rows that do not end with a word", () => {
  const three: PackedSettings = {
    ...settings,
    bits: 3,
    groupSize: Infinity,
    zeroOffset: 0,
    actOrder: false,
  };
  const size = gptqLayout.size({ qweight: [1, 1], scales: [1, 1], g_idx: [5] }, three);
  assertEquals(size, { rows: 1, columns: 5 });
  const parts = {
    qweight: Int32Array.of(0o17654321), // bits of a sixth code and more are nobody's
    qzeros: Int32Array.of(1),
    scales: Float32Array.of(2),
  };
  const matrix = gptqLayout.matrix(parts, { rows: 1, columns: 5, groups: 1 }, three, "w");
  assertEquals([...decodeMatrix(matrix)], [0, 2, 4, 6, 8]);
});

Deno.test("gptqLayout knows the shapes of its parts", () => {
  const three = { ...settings, bits: 3 };
  assertEquals(gptqLayout.size({ qweight: [9, 64], scales: [3, 64] }, three), {
    rows: 64,
    columns: 96,
  });
  assertEquals(gptqLayout.shapes({ rows: 64, columns: 96, groups: 3 }, three), {
    qweight: [9, 64],
    qzeros: [3, 6],
    scales: [3, 64],
    g_idx: [96],
  });
});
