import { assertEquals } from "@std/assert";
import { verdictOf } from "../../lib/report/mod.ts";

Deno.test("verdictOf() agrees where every case does, in part where some do", () => {
  assertEquals([3, 2, 1, 0].map((agreeing) => verdictOf(agreeing, 3)), [
    "agrees",
    "agrees in part",
    "agrees in part",
    "disagrees",
  ]);
});
