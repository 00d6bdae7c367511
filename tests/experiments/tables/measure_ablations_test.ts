import { assert, assertEquals, assertMatch, assertNotEquals } from "@std/assert";
import { type AblationPart, ablationRows } from "../../../experiments/tables/ablation_rows.ts";
import {
  type AblationOptions,
  measureAblations,
  rowsOf,
} from "../../../experiments/tables/measure_ablations.ts";
import { silent } from "../../../lib/core/mod.ts";
import { methods } from "../../../lib/methods/mod.ts";
import { withModel } from "../../eval/tiny_models.ts";
import { memoryStore } from "../../sweep/memory_store.ts";
import { tinySubject } from "../measure/tiny_subject.ts";

function options(changes: Partial<AblationOptions> = {}): AblationOptions {
  const { signal } = new AbortController();
  return { store: memoryStore(), fingerprint: "v1", progress: silent, signal, ...changes };
}

Deno.test("rowsOf() takes the rows of some questions, that which changes nothing first", () => {
  assertEquals(rowsOf(), [...ablationRows]);
  assertEquals(new Set(ablationRows.map(({ key }) => key)).size, ablationRows.length);
  const keys = (part: AblationPart) => rowsOf([part]).map(({ key }) => key);
  assertEquals(keys("steps"), ["agileq-8", "steps-token"]);
  assertEquals(keys("positions"), ["agileq-8", "pruned-start", "pruned-keep"]);
  assertEquals(keys("softmax").length, 10);
});

Deno.test("measureAblations() measures every row once, each with its change alone", () =>
  withModel("llama", async (model) => {
    const store = memoryStore();
    const [{ cells, problems, computed }] = await measureAblations(
      [tinySubject(model)],
      options({ store }),
    );
    assertEquals([problems, computed], [[], ablationRows.length]);
    assertEquals([...cells.keys()], ablationRows.map(({ key }) => key));
    const { activations, ...others } = methods["agileq-8"].settings;
    for (const [row, { id, result, config }] of cells) {
      assertEquals([id, config.method], [`ablations/llama/${row}`, "agileq-8"]);
      const { activations: changed, ...same } = config.methodSettings;
      assertEquals(same, others);
      assertEquals(changed, { ...activations!, ...rowOf(row).settings?.activations });
      assertEquals("denseOnSurvivors" in result, row.startsWith("pruned"));
      assertEquals(config.pruning?.layers, row.startsWith("pruned") ? [0, 1, 2] : undefined);
    }
    const losses = (row: string) => cells.get(row)!.result.survivors.windowLosses;
    for (const row of ["softmax-released-2", "softmax-paper-4", "powers-0", "steps-token"]) {
      assertNotEquals(losses(row), losses("agileq-8"), row);
    }
    assertNotEquals(losses("pruned-start"), losses("pruned-random"));
    assertNotEquals(losses("pruned-start"), losses("pruned-columns"));
    assertNotEquals(losses("pruned-start"), losses("pruned-keep"));

    const [again] = await measureAblations(
      [tinySubject(model)],
      options({ store, parts: ["steps"] }),
    );
    assertEquals([again.computed, again.reused], [0, ablationRows.length]);
    assertEquals(again.cells, cells);
    const changed = { store, parts: ["steps" as const], fingerprint: "v2" };
    const [few] = await measureAblations([tinySubject(model)], options(changed));
    assertEquals([few.computed, [...few.cells.keys()]], [2, ["agileq-8", "steps-token"]]);
  }));

function rowOf(key: string) {
  return ablationRows.find((row) => row.key === key)!;
}

Deno.test("measureAblations() goes on where a row refuses a model, and says why", () =>
  withModel("llama", async (model) => {
    const subject = tinySubject(model);
    const uncalibrated = { ...subject, calibration: null };
    const [{ cells, refused, problems }] = await measureAblations(
      [uncalibrated],
      options({ parts: ["steps"] }),
    );
    assertEquals([cells.size, [...refused]], [0, ["agileq-8", "steps-token"]]);
    assertEquals(problems.length, 2);
    assertMatch(problems[1], /^ablations\/llama\/steps-token: Cannot calibrate llama: /);
    assert(!problems[0].includes("\n"));
  }));
