import { AgileBackend } from "./agile.ts";
import { requireFinite, runWithFlags } from "./ops/fake_quant.ts";
import { split } from "./split.ts";
import { tf } from "./tf.ts";
import type { GridSteps } from "../format/mod.ts";

/** Elements that are brought into the memory of tensors together: 16 MiB of them. */
const elementsTogether = 2 ** 22;

/** Channels that a call takes on at least: a line of the cache. */
const grain = 16;

/**
 * The errors of TRIP's search, on the SIMD kernel of `assembly/trip.ts` and all threads, with the bits of
 * `addTripErrors` of `lib/quant`; `undefined` on other backends than `agile`.
 */
export function simdTripErrors() {
  const backend = tf.backend();
  return backend instanceof AgileBackend ? addOn(backend) : undefined;
}

function addOn(backend: AgileBackend) {
  /**
   * @param sums `[K + 1, channels]`, added to.
   * @param x `[tokens, channels]`
   * @throws {InputError} If `x` is not finite.
   */
  return (
    sums: Float64Array,
    x: Float32Array,
    { channels, finest, name }: { channels: number; finest: GridSteps; name: string },
  ): void => {
    const { scale: [scale], shift: [shift], low: [low], high: [high] } = finest;
    const together = channels * Math.max(1, Math.floor(elementsTogether / channels));
    const length = Math.min(together, x.length);
    const accepted = backend.scratch([4 * length, sums.byteLength], (source, target) => {
      const totals = backend.view(Float64Array, target, sums.length);
      totals.set(sums);
      for (let first = 0; first < x.length; first += together) {
        const part = x.subarray(first, first + together);
        backend.view(Float32Array, source, part.length).set(part);
        const calls = split(channels, grain, backend.simd.callsAtMost).map(([channel, count]) => [
          ...[part.length / channels, count, 4 * channels, source + 4 * channel],
          ...[target + 8 * channel, 8 * channels, sums.length / channels],
          ...[scale, shift, low, high],
        ]);
        if (!runWithFlags(backend, "addTripErrors", calls)) return false;
      }
      sums.set(totals);
      return true;
    });
    if (!accepted) requireFinite(x, name);
  };
}
