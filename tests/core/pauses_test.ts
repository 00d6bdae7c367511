import { assertEquals, assertRejects } from "@std/assert";
import { pauses } from "../../lib/core/mod.ts";

/** Runs a test on a clock of its own, which `work` sets forward. */
async function withClock(test: (work: (milliseconds: number) => void) => Promise<void>) {
  let time = 1000;
  const own = { configurable: true, value: () => time };
  Object.defineProperty(performance, "now", own);
  try {
    await test((milliseconds) => void (time += milliseconds));
  } finally {
    Reflect.deleteProperty(performance, "now"); // which shows that of its class again
  }
}

Deno.test("pauses() lets in what waits at first, once the work has taken long, and now and then again", () =>
  withClock(async (work) => {
    const pause = pauses();
    let signals = 0;
    const wait = () => setTimeout(() => signals++, 0);
    for (const [milliseconds, expected] of [[0, 1], [10, 0], [30, 0], [30, 1], [30, 0], [30, 1]]) {
      signals = 0;
      const timer = wait();
      work(milliseconds);
      await pause();
      clearTimeout(timer);
      assertEquals(signals, expected);
    }
  }));

Deno.test("pauses() throws the reason of a signal that was aborted before", async () => {
  const reason = new Error("stopped");
  assertEquals(await assertRejects(pauses(AbortSignal.abort(reason))), reason);
});

Deno.test("pauses() throws the reason of a signal that is aborted while it lets signals in", () =>
  withClock(async (work) => {
    const controller = new AbortController();
    const pause = pauses(controller.signal);
    await pause();
    const reason = new Error("stopped");
    setTimeout(() => controller.abort(reason), 0);
    work(1000);
    assertEquals(await assertRejects(pause), reason);
    assertEquals(await assertRejects(pause), reason);
  }));
