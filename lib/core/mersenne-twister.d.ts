/** The part of npm:mersenne-twister that is used here; the package ships no types. */
export default class MersenneTwister {
  /** An array seeds by `init_by_array`, as Python does. */
  constructor(seed: number[]);
  /** 32 random bits. */
  random_int(): number;
  /** A float64 in [0, 1) with 53 random bits. */
  random_long(): number;
}
