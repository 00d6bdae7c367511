/**
 * A peer for tests, of the level of its argument: doubles the number of its job or takes the time it
 * is told, and counts the jobs that were cleared.
 */
import type { InstructionLevel } from "../../experiments/result/bench_record.ts";
import type { Figures } from "../../bench/harness/turn.ts";
import { serve } from "../../bench/harness/serve.ts";

const level = (Deno.args[0] ?? "native") as InstructionLevel;
let cleared = 0;

await serve({ library: "echo 1.0", level, threads: 3 }, ({ number, time, shared }, scope) => {
  if (typeof time === "number") return (): Figures => ({ time });
  if (typeof number !== "number") throw new Error("number must be a number");
  scope.onEnd(() => cleared++);
  const first = scope.share("first", () => number);
  return (): Figures => shared ? { first, cleared } : { double: 2 * number };
});
