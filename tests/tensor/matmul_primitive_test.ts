import { assert, assertEquals, assertThrows } from "@std/assert";
import { seededRandom } from "../../lib/core/mod.ts";
import { Arena } from "../../lib/tensor/arena.ts";
import { BytePrimitives } from "../../lib/tensor/matmul_primitive.ts";
import { nativeProducts } from "../../lib/tensor/native.ts";
import { baseOf, onOneThread, openLibrary } from "../../lib/tensor/onednn.ts";

const arena = new Arena();
const library = openLibrary();
const ignore = !library || !nativeProducts(arena)?.integer?.panels;

Deno.test("BytePrimitives.has() knows shapes whose weights lie in panels of 64", { ignore }, () => {
  onOneThread(library!, "has", () => {
    const primitives = new BytePrimitives(library!);
    for (const n of [64, 128, 192, 256]) assert(primitives.has(16, n, 68));
    return 0;
  });
});

Deno.test("BytePrimitives.multiply() sums up products, as often as it is asked", { ignore }, () => {
  const [m, n, k] = [16, 128, 132];
  const depth = 192;
  const random = seededRandom(3);
  const base = baseOf(arena.memory);
  arena.scratch([m * k, n * depth, 4 * m * n], (...addresses) => {
    const [left, right] = [
      arena.view(Uint8Array, addresses[0], m * k),
      arena.view(Int8Array, addresses[1], n * depth),
    ];
    const sums = arena.view(Int32Array, addresses[2], m * n);
    const [a, b, c] = addresses.map((address) => base + BigInt(address));
    onOneThread(library!, "multiply", () => {
      const primitives = new BytePrimitives(library!);
      for (let time = 0; time < 2; time++) {
        for (const bytes of [left, right]) {
          bytes.forEach((_, i) => bytes[i] = random.integer(0, 255));
        }
        assertEquals(primitives.multiply(a, b, c, m, n, k), 0);
        for (let at = 0; at < sums.length; at++) {
          const [row, column] = [Math.floor(at / n), at % n];
          let sum = 0;
          for (let p = 0; p < k; p++) {
            const panel = Math.floor(column / 64) * 64 * depth;
            const place = panel + (Math.floor(p / 4) * 64 + column % 64) * 4 + p % 4;
            sum += left[row * k + p] * right[place];
          }
          assertEquals(sums[at], sum);
        }
      }
      return 0;
    });
  });
});

Deno.test(
  "BytePrimitives.has() not what the library refuses, nor multiplies it",
  { ignore },
  () => {
    const refuse = () => 3;
    const refusing = {
      ...library!,
      dnnl_matmul_desc_init: refuse,
      dnnl_matmul_primitive_desc_create: refuse,
    };
    const primitives = new BytePrimitives(refusing);
    assertEquals(primitives.has(16, 64, 4), false);
    const multiply = () => primitives.multiply(0n, 0n, 0n, 16, 64, 4);
    assertThrows(multiply, Error, "oneDNN has no product of bytes 16 x 4 x 64 in panels");
  },
);
