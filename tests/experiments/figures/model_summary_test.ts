import { assertEquals, assertRejects } from "@std/assert";
import { modelSummary } from "../../../experiments/figures/model_summary.ts";
import { InputError } from "../../../lib/core/mod.ts";
import { recordOf, withRecords } from "./recorded_folder.ts";

Deno.test("modelSummary() is nothing where a figure was not measured, and refuses what cannot be drawn", () =>
  withRecords({ "figure1-m": recordOf("figure1") }, async (folder) => {
    assertEquals(await modelSummary(folder), null);
    const outliers = { ...recordOf("outliers"), data: [{ sites: null }] };
    await Deno.writeTextFile(`${folder}/figures/outliers-m.json`, JSON.stringify(outliers));
    const message = `Cannot read ${folder}/figures/figure1-m.json and ` +
      `${folder}/figures/outliers-m.json: it must be as "deno task figures" writes it, got "`;
    await assertRejects(() => modelSummary(folder), InputError, message);
  }));
