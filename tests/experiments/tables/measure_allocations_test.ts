import { assert, assertAlmostEquals, assertEquals, assertStringIncludes } from "@std/assert";
import { allocationTable, judgeAllocations } from "../../../experiments/tables/allocation_table.ts";
import {
  allocatedParts,
  type AllocationOptions,
  allocationRow,
  measureAllocations,
} from "../../../experiments/tables/measure_allocations.ts";
import { silent } from "../../../lib/core/mod.ts";
import type { AgileQActivations } from "../../../lib/methods/mod.ts";
import { toMarkdown } from "../../../lib/report/mod.ts";
import { withModel } from "../../eval/tiny_models.ts";
import { memoryStore } from "../../sweep/memory_store.ts";
import { tinySubject } from "../measure/tiny_subject.ts";

function options(changes: Partial<AllocationOptions> = {}): AllocationOptions {
  const { signal } = new AbortController();
  return {
    ...{ store: memoryStore(), fingerprint: "v1", sensitivityFingerprint: "v1", signal },
    ...{ progress: silent, methods: ["bitmod4"], bits: { weights: [3, 4], activations: [4] } },
    ...changes,
  };
}

Deno.test("allocationRow() tells rows apart", () => {
  const row = { method: "rtn4", part: "weights", bits: 3 } as const;
  assertEquals(allocationRow({ ...row, isAllocated: false }), "rtn4-weights-3");
  assertEquals(allocationRow({ ...row, isAllocated: true }), "rtn4-weights-3-allocated");
});

Deno.test("allocatedParts() are what has bits of its own", () => {
  assertEquals(allocatedParts("rtn4"), ["weights"]);
  assertEquals(allocatedParts("agileq-8"), ["weights", "activations"]);
  assertEquals(allocatedParts("agileq-8-activations"), ["activations"]);
  assertEquals(allocatedParts("awq4"), []);
});

Deno.test("measureAllocations() holds bits that are shared out against the same bits in the same storage", () =>
  withModel("llama", async (model) => {
    const store = memoryStore();
    const subject = tinySubject(model);
    const asked = options({
      store,
      methods: ["rtn4"],
      bits: { weights: [3], activations: [] },
    });
    const [measured] = await measureAllocations([subject], asked);
    assertEquals([measured.problems, measured.computed], [[], 2]);
    const [uniform, allocated] = [...measured.cells.values()];
    assertEquals([...measured.cells.keys()], ["rtn4-weights-3", "rtn4-weights-3-allocated"]);
    assertEquals(uniform.id, "allocation/llama/rtn4-weights-3");
    assertEquals(uniform.config.methodSettings.weights!.bits, 3);
    assertEquals(allocated.config.methodSettings.weights!.allocation!.length, 3);
    const [before, now] = [uniform, allocated].map(({ result }) => result.storage);
    assert(now.bitsPerWeight <= before.bitsPerWeight + 1e-9);
    assert(now.bitsPerWeight > before.bitsPerWeight - 0.1);
    assert(allocated.divergence < uniform.divergence);
    const { divergence } = uniform.result.survivors;
    assertAlmostEquals(uniform.divergence, divergence!.value, 0.5 * divergence!.value);

    const [again] = await measureAllocations([subject], asked);
    assertEquals([again.computed, again.reused], [0, 2]);
    assertEquals(again.cells, measured.cells);

    const { columns, rows, notes, title } = allocationTable([measured], ["a note"]);
    assertEquals(columns.slice(3), [
      ...["bits", "perplexity", "KL to FP16", "one by one"].map((measure) =>
        `llama on random tokens: ${measure}`
      ),
    ]);
    assertEquals(rows.map((row) => row.slice(0, 3)), [
      ["RTN", "weights", "same, 3"],
      ["RTN", "weights", "allocated"],
    ]);
    assertEquals(rows[1].length, 7);
    const [claim] = judgeAllocations(measured);
    assertEquals(claim.claim, "RTN with weights of 3 bits loses less with these allocated");
    assertStringIncludes(notes!.join("\n"), `llama: "${claim.claim}": ${claim.verdict} (`);
    assertStringIncludes(
      toMarkdown({ title, columns, rows, notes }),
      "| RTN    | weights | allocated  |",
    );
  }));

Deno.test("measureAllocations() holds bits of sites that are shared out against the same bits", () =>
  withModel("llama", async (model) => {
    const bits = { weights: [], activations: [4] };
    const asked = options({ methods: ["agileq-8-activations"], bits });
    const [measured] = await measureAllocations([tinySubject(model)], asked);
    assertEquals(measured.problems, []);
    const [same, allocated] = [...measured.cells.values()];
    assertEquals([...measured.cells.keys()], [
      "agileq-8-activations-activations-4",
      "agileq-8-activations-activations-4-allocated",
    ]);
    const { activations } = same.config.methodSettings as { activations: AgileQActivations };
    assertEquals([activations.bits, activations.earlierBits], [4, 4]);
    assertEquals(allocated.config.methodSettings.activations!.allocation!.length, 3);
    assertEquals(same.average, 4);
    assert(allocated.average <= 4 + 1e-9 && allocated.average > 3.7, `${allocated.average}`);
    assert(allocated.divergence <= same.divergence);
    const { divergence } = same.result.survivors;
    assertAlmostEquals(same.divergence, divergence!.value, divergence!.value);
  }));

Deno.test("measureAllocations() names bits that a method has not, and what is refused", () =>
  withModel("llama", async (model) => {
    const subject = { ...tinySubject(model), calibration: null };
    const [{ cells, problems }] = await measureAllocations([subject], options());
    assertEquals(cells.size, 0);
    assertEquals(problems.length, 1);
    assert(problems[0].startsWith("allocation/llama/bitmod4: Cannot calibrate llama: "));
    const asked = options({ bits: { weights: [2], activations: [] } });
    const [none] = await measureAllocations([tinySubject(model)], asked);
    const rule = "allocation/llama/bitmod4: weights must have 3, 4 bits, got 2";
    assertEquals([none.cells.size, none.problems], [0, [rule]]);
  }));
