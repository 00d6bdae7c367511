import { assertEquals, assertThrows } from "@std/assert";
import fc from "fast-check";
import { CallQueue } from "../../lib/tensor/call_queue.ts";
import type { Kernels } from "../../lib/tensor/kernel_module.ts";

/** Where parameters may lie: behind the first page. */
const address = 65536;

/** A queue of one thread, whose kernels are functions of JavaScript. */
function queueOf(kernels: Kernels): CallQueue {
  const memory = new WebAssembly.Memory({ initial: 2, maximum: 2, shared: true });
  return new CallQueue(memory, kernels);
}

const fail = (message: string) => {
  throw new Error(message);
};

Deno.test("CallQueue.run() performs every call once, with its parameters to the last bit", () => {
  const done: number[][] = [];
  const queue = queueOf({
    other: () => fail("another kernel"),
    note: (...call) => done.push(call),
  });
  const calls = fc.integer({ min: 1, max: 5 }).chain((count) =>
    fc.array(fc.array(fc.double(), { minLength: count, maxLength: count }), { minLength: 1 })
  );
  fc.assert(fc.property(calls, (calls) => {
    done.length = 0;
    queue.run("note", calls, address);
    assertEquals(done, calls);
  }));
});

Deno.test("CallQueue.run() throws the first failure by kernel and message", () => {
  const queue = queueOf({ check: (value) => void (value > 1 && fail(`${value} is too much`)) });
  assertThrows(
    () => queue.run("check", [[1], [2], [3]], address),
    Error,
    "kernel check failed: 2 is too much",
  );
});

Deno.test("CallQueue.run() lets the calls after a failure be, and goes on with the next job", () => {
  const done: number[] = [];
  const queue = queueOf({ check: (value) => value < 0 ? fail("negative") : void done.push(value) });
  assertThrows(() => queue.run("check", [[1], [-2], [3]], address), Error, "negative");
  queue.run("check", [[4], [5]], address);
  assertEquals(done, [1, 4, 5]);
});

Deno.test("CallQueue.run() shortens a message that has no room", () => {
  const queue = queueOf({ check: () => fail("x".repeat(5000)) });
  const error = assertThrows(() => queue.run("check", [[1]], address), Error);
  assertEquals(error.message, `kernel check failed: ${"x".repeat(1024)}`);
});

Deno.test("CallQueue.served counts no calls of the thread that owns the queue", () => {
  const queue = queueOf({ pass() {} });
  queue.run("pass", [[1], [2]], address);
  assertEquals(queue.served, 0);
});

Deno.test("CallQueue.parameterBytes() is what run() writes", () => {
  const calls = [[1, 2, 3], [4, 5, 6]];
  const queue = queueOf({ pass() {} });
  const bytes = CallQueue.parameterBytes(calls);
  const memory = new Uint8Array(queue.memory.buffer, address, bytes + 8).fill(255);
  queue.run("pass", calls, address);
  assertEquals(new Float64Array(memory.slice(0, bytes).buffer), Float64Array.of(1, 2, 3, 4, 5, 6));
  assertEquals([...memory.slice(bytes)], Array(8).fill(255));
});
