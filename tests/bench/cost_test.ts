import { assertEquals } from "@std/assert";
import { cost } from "../../bench/cost.ts";
import { Bench } from "../../bench/harness/suite.ts";
import type { BenchRecord, Machine } from "../../experiments/result/bench_record.ts";
import { silent } from "../../lib/core/mod.ts";

/** A bench that says of every estimate that it is 3 s, and of what it measures that it is 2 s. */
class Rehearsal extends Bench {
  override measure(...[, heats]: Parameters<Bench["measure"]>): Promise<void> {
    for (const { job, contender: { name: contender } } of heats.flat()) {
      const median = contender === "estimate" ? 3000 : 2000;
      const summary = { median, low: median, high: median, runs: 3 };
      this.measurements.push({ job, contender, quantity: "time", unit: "ms", ...summary });
    }
    return Promise.resolve();
  }
}

Deno.test("cost holds estimates against measurements, for five methods on three models", async () => {
  const { signal } = new AbortController();
  const machine: Machine = { processor: "", cores: 1, extensions: [], memoryBytes: 1, system: "" };
  const bench = new Rehearsal({ quick: false, machine, runs: 3, progress: silent, signal });
  await cost.run(bench);
  const { measurements } = bench;
  const [{ rows }] = cost.tables({ measurements } as unknown as BenchRecord);
  assertEquals(rows.length, 15);
  assertEquals(new Set(rows.map(([model]) => model)), new Set(["llama", "opt", "bloom"]));
  assertEquals(rows[0].slice(0, 2), ["llama", "fp16"]);
  assertEquals(rows.map(([, , , , ratio]) => ratio), Array(15).fill({ value: 1.5, digits: 2 }));
});
