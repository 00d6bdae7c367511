import { tf, tidy } from "../tensor/mod.ts";
import { follow, type LinearMap } from "./linear_map.ts";

/**
 * The sum of linear maps: a base with a correction of low rank, or with a sparse one. The base has the
 * bias.
 *
 * @param maps The sum's from here on; at least one.
 */
export function sumMap(maps: readonly LinearMap[]): LinearMap {
  return {
    byteLength: maps.reduce((sum, { byteLength }) => sum + byteLength, 0),
    apply: (value, { activation, ...options } = {}) =>
      tidy(() => {
        const outputs = maps.map((map) => map.apply(value, options));
        return follow(outputs.reduce((sum, each) => tf.add(sum, each)), { activation });
      }),
    [Symbol.dispose]() {
      for (const map of maps) map[Symbol.dispose]();
    },
  };
}

/**
 * The product of two linear maps, `outer(inner(value))`: a matrix of low rank.
 *
 * @param outer The product's from here on, as is `inner`.
 */
export function productMap(outer: LinearMap, inner: LinearMap): LinearMap {
  return {
    byteLength: outer.byteLength + inner.byteLength,
    apply: (value, options) => tidy(() => outer.apply(inner.apply(value), options)),
    [Symbol.dispose]() {
      outer[Symbol.dispose]();
      inner[Symbol.dispose]();
    },
  };
}
