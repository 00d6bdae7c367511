import { assert, assertEquals } from "@std/assert";
import { instructionsPerProduct, int4Kernels } from "../../bench/contenders/int4_kernels.ts";
import { disassembleKernels, kernelModules } from "../../tools/build_kernels.ts";
import { type Loop, loopsOf } from "./loops.ts";

const sources = ["lib/int4/kernel_simd.base64", "bench/int4_peers.wasm"];
const texts = await Promise.all(
  kernelModules.filter(({ file }) => sources.includes(file)).map(disassembleKernels),
);
const functions = new Map(texts.flatMap((text) => [...loopsOf(text)]));

/** The innermost loop with the most arithmetic, below the loops that it is in. */
function busiest(loops: Loop[], around: Loop[] = []): { loop: Loop; around: Loop[] } {
  const found = loops.map((loop) =>
    loop.loops.length > 0 ? busiest(loop.loops, [loop, ...around]) : { loop, around }
  );
  return found.reduce((most, each) => each.loop.arithmetic > most.loop.arithmetic ? each : most);
}

Deno.test("loopsOf() counts what is a loop's own, and the lighter of two branches", () => {
  const text = `
 (func $a/b (param $0 i32)
  loop $one
   local.get $0
   v128.load
   v128.const i32x4 0 0 0 0
   i32x4.add
   if
    loop $two
     i8x16.shuffle 0 1
     v128.store offset=16
    end
   end
   f32x4.mul
   if
    i32x4.add
    i32x4.add
    v128.store
   else
    i32x4.add
   end
  end
 )`;
  const inner = { arithmetic: 1, memory: 1, loops: [] };
  assertEquals([...loopsOf(text)], [["a/b", [{ arithmetic: 3, memory: 1, loops: [inner] }]]]);
});

for (const { name, loop: found, instructions, spill } of int4Kernels) {
  Deno.test(`int4Kernels state the instructions of ${name}`, () => {
    assert(functions.has(found), [...functions.keys()].join(", "));
    const { loop, around } = busiest(functions.get(found)!);
    assertEquals({ ...instructions, loops: [] }, loop);
    if (!spill) return;
    const { arithmetic, memory } = around[0];
    assertEquals({ arithmetic: spill.arithmetic, memory: spill.memory }, { arithmetic, memory });
  });
}

Deno.test("instructionsPerProduct() spreads spills over the rounds between them", () => {
  const kernel = {
    ...int4Kernels[0],
    products: 4,
    instructions: { arithmetic: 5, memory: 1 },
  };
  assertEquals(instructionsPerProduct(kernel), 1.5);
  const spill = { arithmetic: 3, memory: 1, rounds: 2 };
  assertEquals(instructionsPerProduct({ ...kernel, spill }), 2);
});
