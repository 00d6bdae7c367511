/** A peer for tests: doubles the number of its job, and counts the jobs that were cleared. */
import type { Figures } from "../../bench/harness/turn.ts";
import { serve } from "../../bench/harness/serve.ts";

let cleared = 0;

await serve({ library: "echo 1.0", level: "native", threads: 3 }, ({ number, shared }, scope) => {
  if (typeof number !== "number") throw new Error("number must be a number");
  scope.onEnd(() => cleared++);
  const first = scope.share("first", () => number);
  return (): Figures => shared ? { first, cleared } : { double: 2 * number };
});
