import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import { seededRandom } from "../../lib/core/mod.ts";
import { Arena } from "../../lib/tensor/arena.ts";
import { encodeBfloat16 } from "../../lib/format/mod.ts";
import {
  byteProducts,
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

/** Where an element of b lies: as [n, k], or in panels of 64 columns of rows padded to 64. */
const places = {
  rows: (column: number, row: number, k: number) => column * k + row,
  panels: (column: number, row: number, k: number) => {
    const panel = Math.floor(column / 64) * Math.ceil(k / 64) * 4096;
    return panel + Math.floor(row / 4) * 256 + column % 64 * 4 + row % 4;
  },
};

/** Products of one shape, at random. */
function byteOperands(panels: boolean) {
  const columns = panels ? fc.integer({ min: 1, max: 4 }).map((count) => 64 * count) : size;
  const depth = fc.integer({ min: 1, max: 50 }).map((count) => 4 * count);
  const ks = fc.array(depth, { minLength: 1, maxLength: 3 });
  return fc.record({ m: size, n: columns, ks, seed: fc.nat() });
}

/** The product by the definition. */
function byteProductSlowly(
  left: Uint8Array,
  right: (column: number, row: number) => number,
  [m, n, k]: number[],
): Int32Array {
  return Int32Array.from({ length: m * n }, (_, at) => {
    let sum = 0;
    const row = Math.floor(at / n);
    for (let p = 0; p < k; p++) sum += left[row * k + p] * right(at % n, p);
    return sum;
  });
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

  for (const [layout, placeOf] of Object.entries(places)) {
    const panels = layout === "panels";
    const there = products?.integer && (products.integer.panels || !panels);
    Deno.test(`byteProducts() are sums of products, b in ${layout}${where}`, {
      ignore: !there,
    }, () => {
      const multiply = byteProducts(arena.memory);
      const property = fc.property(byteOperands(panels), ({ m, n, ks, seed }) => {
        const random = seededRandom(seed);
        const lengths = ks.flatMap((k) => [m * k, n * Math.ceil(k / 64) * 64, 4 * m * n]);
        arena.scratch([16 * ks.length, ...lengths], (table, ...addresses) => {
          const words = arena.view(Uint32Array, table, 4 * ks.length);
          const expected = ks.map((k, product) => {
            const [a, b, c] = addresses.slice(3 * product);
            words.set([a, b, c, k], 4 * product);
            const left = arena.view(Uint8Array, a, m * k);
            const right = arena.view(Int8Array, b, lengths[3 * product + 1]);
            for (const bytes of [left, right]) {
              bytes.forEach((_, i) => bytes[i] = random.integer(0, 255));
            }
            return byteProductSlowly(left, (...at) => right[placeOf(...at, k)], [m, n, k]);
          });
          multiply(signed(table), ks.length, m, n, Number(panels));
          expected.forEach((sums, product) =>
            assertEquals(arena.view(Int32Array, addresses[3 * product + 2], m * n), sums)
          );
        });
      });
      fc.assert(property, { numRuns: 20 });
    });
  }
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
