import { assert, assertAlmostEquals, assertEquals, assertStringIncludes } from "@std/assert";
import { allocationTable, judgeAllocations } from "../../../experiments/tables/allocation_table.ts";
import {
  type AllocationOptions,
  allocationRow,
  measureAllocations,
} from "../../../experiments/tables/measure_allocations.ts";
import { silent } from "../../../lib/core/mod.ts";
import { toMarkdown } from "../../../lib/report/mod.ts";
import { withModel } from "../../eval/tiny_models.ts";
import { memoryStore } from "../../sweep/memory_store.ts";
import { tinySubject } from "../measure/tiny_subject.ts";

function options(changes: Partial<AllocationOptions> = {}): AllocationOptions {
  const { signal } = new AbortController();
  return {
    ...{ store: memoryStore(), fingerprint: "v1", sensitivityFingerprint: "v1", signal },
    ...{ progress: silent, methods: ["bitmod4"], bits: [3, 4] },
    ...changes,
  };
}

Deno.test("allocationRow() tells rows apart", () => {
  assertEquals(allocationRow("rtn4", 3, false), "rtn4-3");
  assertEquals(allocationRow("rtn4", 3, true), "rtn4-3-allocated");
});

Deno.test("measureAllocations() holds bits that are shared out against the same bits in the same storage", () =>
  withModel("llama", async (model) => {
    const store = memoryStore();
    const subject = tinySubject(model);
    const asked = options({ store, methods: ["rtn4"], bits: [3] });
    const [measured] = await measureAllocations([subject], asked);
    assertEquals([measured.problems, measured.computed], [[], 2]);
    const [uniform, allocated] = [...measured.cells.values()];
    assertEquals([...measured.cells.keys()], ["rtn4-3", "rtn4-3-allocated"]);
    assertEquals(uniform.id, "allocation/llama/rtn4-3");
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
    assertEquals(columns.slice(2), [
      ...["bits per weight", "perplexity", "KL to FP16", "one by one"].map((measure) =>
        `llama on random tokens: ${measure}`
      ),
    ]);
    assertEquals(rows.map((row) => row.slice(0, 2)), [["RTN", "3"], ["RTN", "allocated"]]);
    assertEquals(rows[1].length, 6);
    const [claim] = judgeAllocations(measured);
    assertEquals(claim.claim, "RTN with 3 bits loses less with its bits allocated");
    assertStringIncludes(notes!.join("\n"), `llama: "${claim.claim}": ${claim.verdict} (`);
    assertStringIncludes(toMarkdown({ title, columns, rows, notes }), "| RTN    | allocated |");
  }));

Deno.test("measureAllocations() passes over bits that a method has not, and names what is refused", () =>
  withModel("llama", async (model) => {
    const subject = { ...tinySubject(model), calibration: null };
    const [{ cells, problems }] = await measureAllocations([subject], options());
    assertEquals(cells.size, 0);
    assertEquals(problems.length, 1);
    assert(problems[0].startsWith("allocation/llama/bitmod4: Cannot calibrate llama: "));
    const asked = options({ bits: [2] });
    const [none] = await measureAllocations([tinySubject(model)], asked);
    assertEquals([none.cells.size, none.problems], [0, []]);
  }));
