import { assert, assertEquals, assertThrows } from "@std/assert";
import { searchTrip } from "../../lib/quant/mod.ts";
import { seenAt } from "../../lib/methods/seen.ts";

const gram = new Float32Array(4);
const range = { min: Float32Array.of(-1), max: Float32Array.of(2), inner: 1 };
const values = { channels: 2, windows: [new Float32Array(6)] };
const trip = searchTrip(Float32Array.of(1, 2), { channels: 2, bits: 8, K: 1 });
const fisher = new Map([["output" as const, new Float32Array(4)]]);
const seen = seenAt(
  new Map([
    ["attn.input", { gram }],
    ["mlp.input", { range }],
    ["mlp.hidden", { values }],
    ["attn.q", { trip }],
    ["attn.output", { fisher }],
  ]),
);

Deno.test("seenAt() gives what was observed of each site", () => {
  assert(seen.gram("attn.input") === gram);
  assert(seen.range("mlp.input") === range);
  assert(seen.values("mlp.hidden") === values);
  assert(seen.trip("attn.q") === trip);
  assert(seen.fisher("attn.output") === fisher);
});

Deno.test("seenAt() says what was not observed", () => {
  const asks: [() => unknown, string][] = [
    [() => seen.gram("mlp.input"), "gram of mlp.input was not observed"],
    [() => seen.range("attn.input"), "range of attn.input was not observed"],
    [() => seen.fisher("attn.v"), "fisher of attn.v was not observed"],
    [() => seen.values("attn.output"), "values of attn.output was not observed"],
  ];
  for (const [ask, message] of asks) assertThrows(ask, TypeError, message);
  assertEquals(asks.length, 4);
});
