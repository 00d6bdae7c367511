// @deno-types="./mersenne-twister.d.ts"
import MersenneTwister from "npm:mersenne-twister@1.1.0";
import { require } from "./errors.ts";

/** A seeded source of randomness. The same seed gives the same stream everywhere. */
export interface Random {
  /** A float64 in [0, 1) with 53 random bits; Python's `random.random()`. */
  uniform(): number;
  /** An integer in low..high, both included; Python's `random.randint(low, high)`. */
  integer(low: number, high: number): number;
  /** A standard normal deviate (Box-Muller). */
  normal(): number;
}

/**
 * The Mersenne Twister seeded as Python's `random.seed(seed)` does, so that
 * calibration windows are those of the reference code (GPTQ, datautils.py).
 *
 * @param seed An integer in 0..2^32-1.
 * @throws {InputError} If the seed is out of range.
 */
export function seededRandom(seed: number): Random {
  require(
    Number.isInteger(seed) && seed >= 0 && seed <= 0xffffffff,
    "seed the random generator",
    "seed must be an integer in 0..4294967295",
    seed,
  );
  const twister = new MersenneTwister([seed]);
  const uniform = () => twister.random_long();
  return {
    uniform,
    integer(low, high) {
      require(
        Number.isSafeInteger(low) && high - low >= 0 && high - low < 0xffffffff,
        "draw an integer",
        "low..high must span 1..4294967295 integers",
        [low, high],
      );
      const count = high - low + 1;
      const shift = Math.clz32(count);
      for (;;) {
        const bits = twister.random_int() >>> shift;
        if (bits < count) return low + bits;
      }
    },
    normal() {
      const radius = Math.sqrt(-2 * Math.log(1 - uniform()));
      return radius * Math.cos(2 * Math.PI * uniform());
    },
  };
}
