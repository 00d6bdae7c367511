import { assertEquals } from "@std/assert";
import { figure5Trace } from "../../../experiments/figures/figure5.ts";

Deno.test("figure5Trace() shows three rows of two columns and their signed results", () => {
  const trace = figure5Trace();
  const values = (name: string) =>
    trace.filter((state) => state.name === name).map(({ value }) => value | 0);
  assertEquals(values("weights"), [0x0d06, 0x020f, 0x0900]);
  assertEquals(values("firstResult"), [5 * 3 - 6 * 7 + 1 * -5]);
  assertEquals(values("secondResult"), [-2 * 3 + 7 * 7 - 8 * -5]);
});
