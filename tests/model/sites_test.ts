import { assertEquals, assertStrictEquals } from "@std/assert";
import { chainHooks, type SiteHook } from "../../lib/model/mod.ts";
import { tensorData, tf, tidy } from "../../lib/tensor/mod.ts";
import "./tiny_models.ts";

Deno.test("chainHooks() runs hooks in order, each on what the one before returned", () => {
  tidy(() => {
    const calls: unknown[] = [];
    const hook =
      (name: string, change: (value: tf.Tensor) => tf.Tensor): SiteHook => (value, visit) => {
        calls.push([name, [...tensorData(value)], visit]);
        return change(value);
      };
    const visit = { site: "attn.q", layer: 3 } as const;
    const chained = chainHooks(
      hook("add", (value) => tf.add(value, 1)),
      hook("double", (value) => tf.mul(value, 2)),
      hook("tap", (value) => value),
    );
    assertEquals([...tensorData(chained(tf.tensor1d([1, 2]), visit))], [4, 6]);
    assertEquals(calls, [
      ["add", [1, 2], visit],
      ["double", [2, 3], visit],
      ["tap", [4, 6], visit],
    ]);
  });
});

Deno.test("chainHooks() of none hands the value through", () => {
  const value = tf.tensor1d([1]);
  assertStrictEquals(chainHooks()(value, { site: "attn.k", layer: 0 }), value);
  value.dispose();
});
