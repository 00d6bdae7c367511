import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import { Arena } from "../../lib/tensor/arena.ts";
import { encodeBfloat16 } from "../../lib/format/mod.ts";
import {
  byteProduct,
  nativeProducts,
  threadBfloatProduct,
  threadFloatProduct,
} from "../../lib/tensor/native.ts";
import { assertFloatsClose, randomFloats } from "./compare.ts";
import { withVariable } from "./with_variable.ts";

const near = new Arena();
const far = new Arena();
far.take(2 ** 31, "the first 2 GiB");

/** Memories in which blocks lie at small addresses, and at those whose highest bit is set. */
const arenas = [["", near], [" beyond the first 2 GiB of memory", far]] as const;

const products = nativeProducts(near);
const ignore = !products;

interface Shape {
  m: number;
  n: number;
  k: number;
  /** Elements between the rows of each matrix. */
  gap: number;
  transposeA: boolean;
  transposeB: boolean;
}

const size = fc.integer({ min: 1, max: 40 });
const shapes: fc.Arbitrary<Shape> = fc.record({
  ...{ m: size, n: size, k: size, gap: fc.nat(5) },
  ...{ transposeA: fc.boolean(), transposeB: fc.boolean() },
});

function stridesOf({ m, n, k, gap, transposeA, transposeB }: Shape) {
  return {
    strideA: gap + (transposeA ? m : k),
    strideB: gap + (transposeB ? k : n),
    strideC: gap + n,
  };
}

/** Asserts that a product, given addresses, is the sum of products and leaves gaps alone. */
function assertMultiplies(
  arena: Arena,
  shape: Shape,
  multiply: (a: number, b: number, c: number) => void,
): void {
  const { m, n, k, transposeA, transposeB } = shape;
  const { strideA, strideB, strideC } = stridesOf(shape);
  const left = randomFloats((transposeA ? k : m) * strideA, 1);
  const right = randomFloats((transposeB ? n : k) * strideB, 2);
  const expected = new Float32Array(m * strideC).fill(9);
  for (let i = 0; i < m; i++) {
    for (let j = 0; j < n; j++) {
      let sum = 0;
      for (let p = 0; p < k; p++) {
        const factor = left[transposeA ? p * strideA + i : i * strideA + p];
        sum += factor * right[transposeB ? j * strideB + p : p * strideB + j];
      }
      expected[i * strideC + j] = sum;
    }
  }
  arena.scratch([left, right, expected].map(({ byteLength }) => byteLength), (a, b, c) => {
    arena.view(Float32Array, a, left.length).set(left);
    arena.view(Float32Array, b, right.length).set(right);
    const product = arena.view(Float32Array, c, expected.length).fill(9);
    multiply(a, b, c);
    assertFloatsClose(product, expected, 1e-5);
  });
}

/** Operands of a product of bytes: a and c may have gaps between their rows. */
const byteOperands = fc.record({ m: size, n: size, k: size, gap: fc.nat(5) }).chain(
  ({ m, n, k, gap }) => {
    const bytes = (length: number) => fc.uint8Array({ minLength: length, maxLength: length });
    return fc.record({
      ...{ m: fc.constant(m), n: fc.constant(n), k: fc.constant(k) },
      ...{ strideA: fc.constant(k + gap), strideC: fc.constant(n + gap) },
      left: bytes(m * (k + gap)),
      right: bytes(n * k).map((values) => Int8Array.from(values)),
      offset: bytes(n).map((values) => Int32Array.from(values, (value) => value * 1e6)),
    });
  },
);

type ByteOperands = typeof byteOperands extends fc.Arbitrary<infer Value> ? Value : never;

/** The product by the definition, on ground of 9. */
function byteProductSlowly(
  { m, n, k, strideA, strideC, left, right, offset }: ByteOperands,
): Int32Array {
  const product = new Int32Array(m * strideC).fill(9);
  for (let i = 0; i < m; i++) {
    for (let j = 0; j < n; j++) {
      let sum = offset[j];
      for (let p = 0; p < k; p++) sum += left[i * strideA + p] * right[j * k + p];
      product[i * strideC + j] = sum;
    }
  }
  return product;
}

/** As WebAssembly hands addresses over: negative beyond the first 2 GiB. */
const signed = (address: number) => address | 0;

Deno.test("nativeProducts() are none where the environment switches them off", async () => {
  const found = await withVariable("AGILE_QUANT_NATIVE", "0", () => nativeProducts(near));
  assertEquals(found, undefined);
});

Deno.test("nativeProducts() are none, and nobody is asked, without permission for FFI", async () => {
  const url = (name: string) => new URL(`../../lib/tensor/${name}.ts`, import.meta.url);
  const script = `import { Arena } from "${url("arena")}";
    import { nativeProducts } from "${url("native")}";
    Object.assign(Deno, { dlopen: () => console.log("asked") });
    console.log(nativeProducts(new Arena()));`;
  const { stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["run", "-q", `data:application/typescript,${encodeURIComponent(script)}`],
  }).output();
  const printed = [stdout, stderr].map((bytes) => new TextDecoder().decode(bytes));
  assertEquals(printed, ["undefined\n", ""]);
});

for (const [where, arena] of arenas) {
  Deno.test(`nativeProducts() multiply floats, transposed or not${where}`, { ignore }, () => {
    const { name, native, multiply } = nativeProducts(arena)!.float;
    assert(/^oneDNN \d+\.\d+\.\d+$/.test(name) && native);
    const property = fc.property(shapes, (shape) => {
      const product = { ...shape, ...stridesOf(shape) };
      assertMultiplies(arena, shape, (a, b, c) => multiply([{ a, b, c }], product));
    });
    fc.assert(property, { numRuns: 40 });
  });

  Deno.test(`threadFloatProduct() is the sum of products${where}`, { ignore }, () => {
    const multiply = threadFloatProduct(arena.memory);
    const property = fc.property(shapes, (drawn) => {
      const shape = { ...drawn, transposeA: false };
      const { strideA, strideB, strideC } = stridesOf(shape);
      const { m, n, k, transposeB } = shape;
      assertMultiplies(arena, shape, (...addresses) => {
        const [a, b, c] = addresses.map(signed);
        multiply(a, strideA, b, strideB, Number(transposeB), c, strideC, m, n, k);
      });
    });
    fc.assert(property, { numRuns: 40 });
  });

  Deno.test(`byteProduct() is the sum of products and offset${where}`, {
    ignore: !products?.integer,
  }, () => {
    const multiply = byteProduct(arena.memory);
    const property = fc.property(byteOperands, (operands) => {
      const { m, n, k, strideA, strideC, left, right, offset } = operands;
      const expected = byteProductSlowly(operands);
      const lengths = [left, right, offset, expected].map(({ byteLength }) => byteLength);
      arena.scratch(lengths, (a, b, offsets, c) => {
        arena.view(Uint8Array, a, left.length).set(left);
        arena.view(Int8Array, b, right.length).set(right);
        arena.view(Int32Array, offsets, n).set(offset);
        const product = arena.view(Int32Array, c, expected.length).fill(9);
        multiply(signed(a), strideA, signed(b), signed(c), strideC, signed(offsets), m, n, k);
        assertEquals(product, expected);
      });
    });
    fc.assert(property, { numRuns: 40 });
  });
}

Deno.test(
  "threadBfloatProduct() is the exact sum of products",
  { ignore: !products?.bfloat },
  () => {
    const multiply = threadBfloatProduct(near.memory);
    const [m, n, k, gap] = [13, 21, 70, 3];
    const codes = (length: number, factor: number) =>
      Float32Array.from({ length }, (_, i) => (factor * i) % 511 - 255);
    for (const transposeB of [false, true]) {
      const [strideA, strideB, strideC] = [k + gap, transposeB ? k : n, n + gap];
      const [left, right] = [codes(m * strideA, 7919), codes(n * k, 104729)];
      near.scratch([2 * left.length, 2 * right.length, 4 * m * strideC], (a, b, c) => {
        near.view(Uint16Array, a, left.length).set(encodeBfloat16(left));
        near.view(Uint16Array, b, right.length).set(encodeBfloat16(right));
        const product = near.view(Float32Array, c, m * strideC).fill(9);
        multiply(a, strideA, b, strideB, Number(transposeB), c, strideC, m, n, k);
        product.forEach((value, index) => {
          const [i, j] = [Math.floor(index / strideC), index % strideC];
          const at = (p: number) => right[transposeB ? j * strideB + p : p * strideB + j];
          let sum = 0;
          for (let p = 0; p < k; p++) sum += left[i * strideA + p] * at(p);
          assertEquals(value, j < n ? sum : 9, `${i}, ${j}`);
        });
      });
    }
  },
);
