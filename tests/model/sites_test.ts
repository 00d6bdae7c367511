import { assertEquals, assertStrictEquals } from "@std/assert";
import { atSites, chainHooks, type SiteHook, siteNames } from "../../lib/model/mod.ts";
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
    const visit = { site: "attn.q", layer: 3, window: 0 } as const;
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
  assertStrictEquals(chainHooks()(value, { site: "attn.k", layer: 0, window: 0 }), value);
  value.dispose();
});

Deno.test("chainHooks() is called where one of the hooks is, and calls each at its own sites", () => {
  const calls: string[] = [];
  const tap = (name: string): SiteHook => (value, { site }) => {
    calls.push(`${name} ${site}`);
    return value;
  };
  const first = atSites(["attn.q", "attn.k"], tap("first"));
  const second = atSites(["attn.k", "mlp.input"], tap("second"));
  const chained = chainHooks(first, second);
  assertEquals(chained.sites, ["attn.q", "attn.k", "mlp.input"]);
  const value = tf.scalar(1);
  for (const site of chained.sites!) chained(value, { site, layer: 0, window: 0 });
  value.dispose();
  assertEquals(calls, ["first attn.q", "first attn.k", "second attn.k", "second mlp.input"]);
  assertEquals(chainHooks(first, tap("all")).sites, [...siteNames]);
});
