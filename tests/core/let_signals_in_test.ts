import { assert, assertEquals } from "@std/assert";
import { letSignalsIn } from "../../lib/core/let_signals_in.ts";

Deno.test("letSignalsIn() lets an abort through that waits while the thread is busy", async () => {
  const controller = new AbortController();
  setTimeout(() => controller.abort());
  await Promise.resolve();
  assert(!controller.signal.aborted);
  await letSignalsIn();
  assert(controller.signal.aborted);
});

Deno.test("letSignalsIn() between pieces of work lets one handler in after each", async () => {
  const order: string[] = [];
  for (const piece of ["first", "second"]) {
    setTimeout(() => order.push(`event during the ${piece}`));
    order.push(piece);
    await letSignalsIn();
  }
  assertEquals(order, ["first", "event during the first", "second", "event during the second"]);
});
