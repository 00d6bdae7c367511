import { gelu, geluTanh, silu } from "../../../lib/tensor/mod.ts";
import { assertSameGradients, randomInput } from "../compare.ts";

/** Both tails, where the gate is 0 or 1 to float32, and zero. */
const tails = { shape: [7], values: Float32Array.of(-200, -20, -3, 0, 3, 20, 200) };

for (const activation of [silu, gelu, geluTanh]) {
  Deno.test(`${activation.name}() has the value and gradient of its definition`, async () => {
    await assertSameGradients([randomInput([7, 5], 1)], activation, 2e-6);
    await assertSameGradients([randomInput([3, 4097], 2)], activation, 2e-6);
    await assertSameGradients([tails], activation, 2e-6);
  });
}
