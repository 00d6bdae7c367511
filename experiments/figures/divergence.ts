import { refuse } from "../../lib/core/mod.ts";
import { perplexityRatio } from "../../lib/eval/mod.ts";
import { methods } from "../../lib/methods/mod.ts";
import { forgetful } from "../../lib/sweep/mod.ts";
import { type DivergenceRow, drawDivergence } from "../draw/divergence_drawing.ts";
import { familyTables } from "../tables/family_tables.ts";
import { evaluatedBy, measureModels } from "../tables/measure_models.ts";
import { offScale } from "../tables/table_rows.ts";
import { type FigureExperiment, figureOf } from "./figure.ts";

/** KL divergence against perplexity, for the measured rows of tables 1-3 and from their cells. */
export const divergence: FigureExperiment = {
  name: "divergence",
  measuredBy: evaluatedBy,
  title: "KL divergence against perplexity",
  families: ["llama", "opt", "bloom"],
  async run(subjects, options) {
    const settings = { store: forgetful, fingerprint: "", ...options };
    const rows: DivergenceRow[] = [];
    const models = await measureModels(subjects, familyTables, settings);
    for (const { name, title, cells, refusals } of models) {
      const full = cells["fp16"]?.result.survivors ??
        refuse(`draw ${title}`, "its row fp16 must be measured", refusals["fp16"]);
      for (const { row, config, result: { survivors } } of Object.values(cells)) {
        if (row === "fp16" || offScale.includes(row)) continue;
        rows.push({
          model: name,
          method: methods[config.method].title + (config.pruning ? "*" : ""),
          divergence: survivors.divergence!.value,
          relative: perplexityRatio(survivors.windowLosses, full.windowLosses),
        });
      }
    }
    return figureOf(divergence, subjects, {}, rows, drawDivergence(rows));
  },
};
