import { assertEquals } from "@std/assert";
import { seededRandom } from "../../../lib/core/mod.ts";
import {
  affineMatrix,
  blockMatrix,
  type BlockTypeName,
  blockTypes,
  decodeMatrix,
  encodeFloats,
  floatMatrix,
  type StoredMatrix,
} from "../../../lib/format/mod.ts";
import { storedTensor, tensorData, tf, useBackend } from "../../../lib/tensor/mod.ts";

await useBackend("agile", { native: false });

/** The bits of a tensor of a matrix, those of NaN among them. */
function bitsOf(matrix: StoredMatrix): Uint32Array {
  const tensor = storedTensor(matrix);
  assertEquals(tensor.shape, [matrix.rows, matrix.columns]);
  const bits = new Uint32Array(tensorData(tensor).slice().buffer);
  tensor.dispose();
  return bits;
}

Deno.test("storedTensor() decodes every pattern of binary16 and bfloat16 exactly", () => {
  const patterns = Uint16Array.from({ length: 2 ** 16 }, (_, pattern) => pattern);
  const halves = floatMatrix("F16", new Float16Array(patterns.buffer), 256, 256);
  const expected = new Float32Array(2 ** 16);
  halves.decode(0, expected);
  const found = new Float32Array(bitsOf(halves).buffer);
  for (const [pattern, value] of expected.entries()) {
    if (!Object.is(found[pattern], value)) throw new Error(`${pattern}: ${found[pattern]}`);
  }
  const brains = floatMatrix("BF16", patterns, 256, 256);
  assertEquals(bitsOf(brains), Uint32Array.from(patterns, (pattern) => pattern << 16));
});

/** Checks that the tensor of a matrix has the values that the matrix gives, and that nothing beside it changes. */
function assertDecodes(matrix: StoredMatrix, message: string): void {
  const expected = decodeMatrix(matrix);
  const marked = storedTensor(matrix);
  const place = surroundings(marked).fill(0xa5);
  marked.dispose();
  const tensor = storedTensor(matrix);
  const found = tensorData(tensor);
  assertEquals(surroundings(tensor).byteOffset, place.byteOffset, "the same place as before");
  const different = expected.findIndex((value, i) => !Object.is(value, found[i]));
  assertEquals([different, found[different]], [-1, undefined], message);
  const [before, behind] = [place.subarray(0, 16), place.subarray(-16)];
  assertEquals([...before, ...behind], Array(32).fill(0xa5), message);
  tensor.dispose();
}

/** The bytes of a tensor, 16 in front of it and 16 behind it. */
function surroundings(tensor: tf.Tensor): Uint8Array {
  const { buffer, byteOffset, byteLength } = tensorData(tensor);
  return new Uint8Array(buffer, byteOffset - 16, byteLength + 32);
}

for (const dtype of ["F32", "F16", "BF16"] as const) {
  Deno.test(`storedTensor() gives what decodeMatrix() gives, and nothing beside it: ${dtype}`, () => {
    for (const [rows, columns] of [[1, 1], [1, 7], [5, 3], [700, 1023], [3, 400_001]]) {
      const values = Float32Array.from({ length: rows * columns }, (_, i) => Math.sin(i + 1));
      const matrix = floatMatrix(dtype, encodeFloats(values, dtype), rows, columns);
      assertDecodes(matrix, `${rows} x ${columns}`);
      const other: StoredMatrix = {
        ...{ rows, columns, byteLength: 0, form: "another" },
        decode: (first, into) => matrix.decode(first, into),
      };
      assertDecodes(other, `${rows} x ${columns} by the matrix itself`);
    }
  });
}

/** Blocks of random bytes, with scales of every kind: subnormal, negative, infinite, NaN. */
function randomBlocks(type: BlockTypeName, rows: number, blocksPerRow: number): StoredMatrix {
  const { elements, bytes } = blockTypes[type];
  const random = seededRandom(rows);
  const data = new Uint8Array(rows * blocksPerRow * bytes).map(() => 256 * random.uniform());
  return blockMatrix(type, data, rows, blocksPerRow * elements);
}

for (const type of Object.keys(blockTypes) as BlockTypeName[]) {
  Deno.test(`storedTensor() gives what decodeMatrix() gives, and nothing beside it: ${type}`, () => {
    for (const [rows, blocksPerRow] of [[1, 1], [3, 1], [5, 7], [257, 33]]) {
      assertDecodes(randomBlocks(type, rows, blocksPerRow), `${rows} x ${blocksPerRow} blocks`);
    }
  });
}

/** Random codes with groups of so many columns, in any order if `scattered`. */
function randomCodes(
  [rows, columns, groupSize]: number[],
  bits: number,
  zeros: "integers" | "floats" = "integers",
  scattered = false,
  scales: "F32" | "F16" = "F32",
): StoredMatrix {
  const random = seededRandom(bits);
  const groups = Math.ceil(columns / groupSize);
  const codes = (count: number) => new Uint8Array(count).map(() => 2 ** bits * random.uniform());
  const floats = (count: number) => new Float32Array(count).map(() => random.normal());
  return affineMatrix({
    ...{ rows, columns, bits, codes: codes(rows * columns) },
    scale: encodeFloats(floats(rows * groups), scales),
    zeroPoint: zeros === "integers" ? codes(rows * groups) : floats(rows * groups),
    groupIndex: Int32Array.from(
      { length: columns },
      (_, column) => scattered ? column % groups : Math.floor(column / groupSize),
    ),
  });
}

for (const bits of [2, 3, 4, 5, 6, 7, 8]) {
  Deno.test(`storedTensor() gives what decodeMatrix() gives, and nothing beside it: ${bits} bits`, () => {
    const shapes = [[1, 8, 8], [3, 24, 16], [70, 520, 128], [1023, 136, 136], [5, 32, 4], [
      7,
      21,
      7,
    ]];
    for (const shape of shapes) {
      assertDecodes(randomCodes(shape, bits), `${shape}`);
      assertDecodes(randomCodes(shape, bits, "floats"), `${shape} with floats as zero points`);
      assertDecodes(randomCodes(shape, bits, "integers", true), `${shape} with scattered groups`);
      assertDecodes(randomCodes(shape, bits, "integers", false, "F16"), `${shape}, scales of F16`);
    }
  });
}

Deno.test("storedTensor() decodes blocks and codes in several pieces", () => {
  assertDecodes(randomBlocks("Q8_0", 1023, 64), "2.2 MB of blocks");
  assertDecodes(randomCodes([513, 4104, 128], 8), "2.1 MB of codes");
  assertDecodes(randomCodes([513, 4104, 128], 8, "integers", true), "2.1 MB with scattered groups");
});

Deno.test("storedTensor() is the same on other backends, and leaks nothing", async () => {
  const matrix = floatMatrix("F16", Float16Array.of(1, -2, 0.5, 3), 2, 2);
  const before = tf.memory().numTensors;
  const here = bitsOf(matrix);
  await useBackend("cpu");
  try {
    assertEquals(bitsOf(matrix), here);
  } finally {
    await useBackend("agile", { native: false });
  }
  assertEquals(tf.memory().numTensors, before);
});
