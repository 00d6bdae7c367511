import { assertEquals, assertStringIncludes } from "@std/assert";
import { originTable } from "../../../experiments/figures/origin_table.ts";
import { readFigures } from "../../../experiments/figures/recorded_figure.ts";
import { recordOf, withRecords } from "./recorded_folder.ts";

Deno.test("originTable() says on what and where every figure was measured, and what that took", () =>
  withRecords(
    { "figure1-m": recordOf("figure1"), "figure6-m": recordOf("figure6") },
    async (folder) => {
      const { rows, notes } = originTable("results/m", await readFigures(folder));
      const origin = ["2026-11-29", "0123456789ab", 43, "a test"];
      assertEquals(rows, [["figure1", 8, 2048, ...origin], ["figure6", 8, 2048, ...origin]]);
      assertStringIncludes(notes![0], "--figure FIGURE --out results/m/figures");
      assertEquals(notes!.slice(1), [
        "sha256 of the weights 0123456789ab, test text 0123456789ab, calibration text 0123456789ab",
      ]);
    },
  ));
