import { makeAll } from "../core/mod.ts";
import type { AffineMatrix, UniformGrid } from "../format/mod.ts";
import { multipliesBytesNatively } from "../tensor/mod.ts";
import { byteMap } from "./byte_map.ts";
import { laneMap } from "./lane_map.ts";
import type { LinearMap } from "./linear_map.ts";

/**
 * Linear maps in integers that read the same value: on the lane-packed multiplier where weights and
 * inputs have four bits, unless a native library multiplies whole bytes, which is faster than packing
 * lanes (`deno task bench int4`).
 *
 * @param modules Weights `[out, in]` with their biases.
 * @param grid The input's: one range, or TRIP's powers of two.
 * @param name What errors call the input.
 * @throws {InputError} As {@linkcode byteMap} and {@linkcode laneMap} do; nothing is kept then.
 */
export function integerMaps(
  modules: readonly { weight: AffineMatrix; bias?: Float32Array }[],
  grid: UniformGrid,
  name?: string,
): LinearMap[] {
  const inLanes = !multipliesBytesNatively() && grid.bits === 4 &&
    modules.every(({ weight }) => weight.bits <= 4);
  const make = inLanes ? laneMap : byteMap;
  return makeAll(modules, ({ weight, bias }) => make(weight, grid, bias, name));
}
