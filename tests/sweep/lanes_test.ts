import { assertEquals } from "@std/assert";
import { silent } from "../../lib/core/mod.ts";
import { type CellSpec, here } from "../../lib/sweep/mod.ts";

Deno.test("here() measures a cell with its runner, in the one lane that there is", async () => {
  const cell: CellSpec = { id: "a", experiment: "test", model: null, config: { bits: 4 } };
  const hooks = { progress: silent, signal: new AbortController().signal };
  const executor = here((given, handed) => Promise.resolve([given, handed]));
  assertEquals(executor.lanes, 1);
  const [given, handed] = await executor.run(cell, 0, hooks) as unknown[];
  assertEquals([given === cell, handed === hooks], [true, true]);
});
