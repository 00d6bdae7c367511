import { assertEquals, assertThrows } from "@std/assert";
import { InputError } from "../../lib/core/mod.ts";
import { packWeight, type WeightCodes } from "../../lib/tensor/mod.ts";

/** One row of five columns in two groups that interleave. */
const weight: WeightCodes = {
  rows: 1,
  columns: 5,
  codes: Uint8Array.of(1, 2, 3, 4, 5),
  scale: Float32Array.of(0.5, 0.25),
  zeroPoint: Uint8Array.of(7, 3),
  groupIndex: Int32Array.of(0, 1, 0, 1, 0),
};

/** Columns in blocks that are padded to 16 places. */
function places(...blocks: number[][]): Int32Array {
  const padded = blocks.map((block) => [...block, ...new Array(16 - block.length).fill(-1)]);
  return Int32Array.from(padded.flat());
}

Deno.test("packWeight() gathers groups and folds powers of two into 4-bit weights", () => {
  const shift = Uint8Array.of(0, 1, 2, 3, 0);
  const packed = packWeight(weight, { step: 2, zeroPoint: 10, shift });
  assertEquals(packed.bits, 4);
  assertEquals(packed.depths, [16, 16]);
  assertEquals(packed.order, places([0, 2, 4], [1, 3]));
  assertEquals([...packed.codes], [1, 3, 5, 0, 0, 0, 0, 0, 2, 4, 0, 0, 0, 0, 0, 0]);
  assertEquals([...packed.factor.subarray(0, 3)], [1, 4, 1]);
  assertEquals([...packed.factor.subarray(16, 18)], [2, 8]);
  assertEquals([...packed.scale], [1, 0.5]);
  assertEquals([...packed.zeroPoint], [7, 3]);
  assertEquals([...packed.offset], [10 * (-6 - 4 * 4 - 2), 10 * (-2 + 8)]);
});

Deno.test("packWeight() puts columns 8 apart into one byte", () => {
  const codes = Uint8Array.from({ length: 17 }, (_, i) => i % 16);
  const groupIndex = new Int32Array(17);
  const packed = packWeight(
    { ...weight, columns: 17, codes, groupIndex, scale: Float32Array.of(1) },
    { step: 1, zeroPoint: 0, shift: new Uint8Array(17) },
  );
  assertEquals(packed.depths, [32]);
  const first = [0x80, 0x91, 0xa2, 0xb3, 0xc4, 0xd5, 0xe6, 0xf7];
  assertEquals([...packed.codes], [...first, 0, 0, 0, 0, 0, 0, 0, 0]);
});

Deno.test("packWeight() gives powers that do not fit a byte blocks of their own", () => {
  const [shift, wide] = [Uint8Array.of(0, 1, 2, 1, 0), Uint8Array.of(0, 4, 0, 0, 0)];
  const bytes = { ...weight, codes: Uint8Array.of(1, 2, 3, 4, 200) };
  const packed = packWeight(bytes, { step: 2, zeroPoint: 10, shift });
  assertEquals(packed.bits, 8);
  assertEquals(packed.order, places([0, 4], [2], [1, 3]));
  assertEquals([...packed.scale], [1, 4, 1]);
  assertEquals([...new Int8Array(packed.codes.buffer).subarray(0, 3)], [-127, 72, 0]);
  assertEquals([...packed.offset], [10 * (-6 + 193), 10 * -4, 10 * (-1 + 1)]);
  assertEquals(
    packWeight(weight, { step: 2, zeroPoint: 10, shift: wide }).order,
    places([0, 2, 4], [3], [1]),
  );
});

Deno.test("packWeight() refuses a shift too few, and blocks too deep", () => {
  assertThrows(
    () => packWeight(weight, { step: 1, zeroPoint: 0, shift: new Uint8Array(4) }),
    InputError,
    "Cannot pack a weight: it needs 5 shifts, got 4",
  );
  const columns = 32769;
  const deep = { columns, codes: new Uint8Array(columns), groupIndex: new Int32Array(columns) };
  assertThrows(
    () =>
      packWeight(
        { ...weight, ...deep, scale: Float32Array.of(1) },
        { step: 1, zeroPoint: 0, shift: new Uint8Array(columns) },
      ),
    InputError,
    "Cannot pack a weight: at most 32768 columns may be summed up, got 32784",
  );
});
