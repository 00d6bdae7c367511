import { assertEquals, assertThrows } from "@std/assert";
import { InputError, seededRandom } from "../../lib/core/mod.ts";
import { type AffineCodes, affineMatrix, decodeMatrix } from "../../lib/format/mod.ts";
import { gptqTensors, writeSafetensors } from "../../lib/io/mod.ts";
import { readGolden } from "../golden/read_golden.ts";
import { plainWeights } from "./plain_gptq.ts";
import { withFolder } from "./temporary_folder.ts";

const [rows, columns] = [64, 96];

/** Random codes in groups of 40, 40 and 16 columns, which lie in any order. */
function randomCodes(bits: number, zeros: [least: number, most: number]): AffineCodes {
  const random = seededRandom(bits);
  const codes = (length: number, least: number, most: number) =>
    Uint8Array.from({ length }, () => random.integer(least, most));
  return {
    ...{ rows, columns, bits },
    codes: codes(rows * columns, 0, 2 ** bits - 1),
    scale: Float32Array.from({ length: rows * 3 }, () => Math.f16round(random.uniform())),
    zeroPoint: codes(rows * 3, ...zeros),
    groupIndex: Int32Array.from({ length: columns }, (_, i) => Math.floor(i * 35 % 96 / 40)),
  };
}

for (const bits of [2, 3, 4, 8]) {
  for (const [zeroOffset, stored] of [[0, "z"], [1, "z - 1"]] as const) {
    Deno.test(`gptqTensors() writes ${bits} bits as the format says, ${stored} stored`, () =>
      withFolder(async (folder) => {
        const matrix = affineMatrix(randomCodes(bits, [zeroOffset, 2 ** bits - 1]));
        const path = `${folder}/model.safetensors`;
        await writeSafetensors(path, gptqTensors("map.", matrix, { bits, zeroOffset }));
        const { tensors } = readGolden(path);
        const facts = [...tensors].map(([name, { dtype, shape }]) => [name, dtype, shape]);
        assertEquals(facts, [
          ["map.g_idx", "I32", [columns]],
          ["map.qweight", "I32", [columns * bits / 32, rows]],
          ["map.qzeros", "I32", [3, rows * bits / 32]],
          ["map.scales", "F16", [3, rows]],
        ]);
        assertEquals(plainWeights(tensors, "map.", bits, stored), decodeMatrix(matrix));
      }));
  }
}

Deno.test("gptqTensors() refuses what the format cannot hold, by name", () => {
  const refused = (changes: Partial<AffineCodes>, bits: number, rule: string, zeroOffset = 1) => {
    const matrix = affineMatrix({ ...randomCodes(bits, [1, 3]), ...changes });
    const settings = { bits: 4, zeroOffset } as { bits: number; zeroOffset: 0 | 1 };
    const message = `Cannot write map.qweight: ${rule}`;
    assertThrows(() => gptqTensors("map.", matrix, settings), InputError, message);
  };
  refused({}, 5, "bits must be 2, 3, 4, 8, got 5");
  refused({}, 8, "its codes must have 4 bits, got 8");
  refused({ zeroPoint: new Uint8Array(rows * 3) }, 4, "zero points must be 1 or more, or the");
  refused({ zeroPoint: new Float32Array(rows * 3).fill(1.5) }, 4, "its zero points must be codes");
  refused({ scale: new Float32Array(rows * 3).fill(0.1) }, 4, "scales must be F16, got 0.1");
  const narrow = { columns: 48, codes: new Uint8Array(rows * 48), groupIndex: new Int32Array(48) };
  refused(narrow, 4, "rows and columns must be multiples of 32, got [64,48]");
});
