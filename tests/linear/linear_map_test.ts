import { assertEquals } from "@std/assert";
import { applyMaps, type LinearMap } from "../../lib/linear/mod.ts";
import { follow } from "../../lib/linear/linear_map.ts";
import { tf, tidy } from "../../lib/tensor/mod.ts";
import "../tensor/compare.ts";

/** A map by a number, which writes down how it is applied. */
function times(factor: number, calls: string[], together = false): LinearMap {
  const apply: LinearMap["apply"] = (value, { activation, lower } = {}) => {
    calls.push(`${factor} ${activation ?? "linear"} ${lower ?? "none"}`);
    return tf.mul(value, factor);
  };
  return {
    byteLength: 4,
    apply,
    ...together && {
      applyWith(others, value, options) {
        calls.push(`${factor} with ${others.length}`);
        return others.length > 1
          ? undefined
          : [this, ...others].map((map) => map.apply(value, options));
      },
    },
    [Symbol.dispose]() {},
  };
}

Deno.test("applyMaps() applies maps in their order, with what they are told", () => {
  tidy(() => {
    const calls: string[] = [];
    const maps = [2, 3, 5].map((factor) => times(factor, calls));
    const options = { activation: "relu", lower: Int32Array.of(0) } as const;
    const outputs = applyMaps(maps, tf.tensor2d([1, 10], [1, 2]), options);
    assertEquals(outputs.map((output) => [...output.dataSync()]), [[2, 20], [3, 30], [5, 50]]);
    assertEquals(calls, ["2 relu 0", "3 relu 0", "5 relu 0"]);
  });
});

Deno.test("applyMaps() lets the first map take all where it can, else each for itself", () => {
  tidy(() => {
    const calls: string[] = [];
    const [first, ...others] = [2, 3, 5].map((factor) => times(factor, calls, true));
    const value = tf.tensor2d([1, 10], [1, 2]);
    assertEquals(applyMaps([first, others[0]], value).map((each) => [...each.dataSync()]), [
      [2, 20],
      [3, 30],
    ]);
    assertEquals(calls.splice(0), ["2 with 1", "2 linear none", "3 linear none"]);
    assertEquals(applyMaps([first, ...others], value).length, 3);
    assertEquals(calls, ["2 with 2", "2 linear none", "3 linear none", "5 linear none"]);
  });
});

Deno.test("follow() does what comes after a map", () => {
  tidy(() => {
    const output = tf.tensor2d([-1, 2], [1, 2]);
    assertEquals([...follow(output).dataSync()], [-1, 2]);
    assertEquals([...follow(output, { activation: "linear" }).dataSync()], [-1, 2]);
    assertEquals([...follow(output, { activation: "relu" }).dataSync()], [0, 2]);
  });
});
