import type { AgileBackend } from "../agile.ts";
import { split } from "../split.ts";
import { tf } from "../tf.ts";
import { runWithFlags } from "./fake_quant.ts";

/** Elements that are worth a thread's while; a multiple of the eight that the kernel converts at a time. */
const elementsPerCall = 16384;

/** Bytes of an element. */
const bfloatBytes = 2;

/**
 * Calls `work` with the addresses of copies in bfloat16, which are gone when it returns: of each tensor as
 * multiples of its step.
 *
 * @returns Whether it did: every element is a whole multiple of its step, but for the rounding of float32, and
 *   bfloat16 holds that multiple exactly, as it does eight bits times a power of two.
 */
export function withBfloatMultiples(
  backend: AgileBackend,
  tensors: readonly tf.TensorInfo[],
  steps: readonly number[],
  work: (...addresses: number[]) => void,
): boolean {
  const sizes = tensors.map(({ shape }) => tf.util.sizeFromShape(shape));
  return backend.scratch(sizes.map((size) => bfloatBytes * size), (...addresses) => {
    const calls = tensors.flatMap((tensor, index) => {
      const source = backend.addressOf(tensor);
      return split(sizes[index], elementsPerCall, backend.simd.callsAtMost).map((
        [first, count],
      ) => [count, addresses[index] + bfloatBytes * first, source + 4 * first, steps[index]]);
    });
    const exact = runWithFlags(backend, "bfloatMultiples", calls);
    if (exact) work(...addresses);
    return exact;
  });
}
