import { refuse, require } from "../../lib/core/mod.ts";
import { perplexityRatio } from "../../lib/eval/mod.ts";
import { methods } from "../../lib/methods/mod.ts";
import { forgetful } from "../../lib/sweep/mod.ts";
import { type DivergenceRow, drawDivergence } from "../draw/divergence_drawing.ts";
import type { EvaluationConfig } from "../measure/evaluation.ts";
import { familyTables } from "../tables/family_tables.ts";
import { describeKept, recordedModels } from "../tables/keep_rows.ts";
import { evaluatedBy, type MeasuredCell } from "../tables/measure_models.ts";
import { offScale } from "../tables/table_rows.ts";
import { type FigureExperiment, figureOf } from "./figure.ts";

/**
 * KL divergence against perplexity, for the rows of tables 1-3: those that their records have of a model, or else
 * all.
 */
export const divergence: FigureExperiment = {
  name: "divergence",
  measuredBy: evaluatedBy,
  title: "KL divergence against perplexity",
  tables: familyTables,
  families: ["llama", "opt", "bloom"],
  async run(subjects, { earlier = new Map(), ...options } = {}) {
    const settings = { store: forgetful, fingerprint: "", ...options };
    const rows: DivergenceRow[] = [];
    const kept: string[] = [];
    const models = await recordedModels(subjects, familyTables, earlier, settings);
    for (const { name, title, cells, refusals } of models) {
      const full = cells["fp16"]?.result.survivors ??
        refuse(
          `draw ${title}`,
          'its table must have row fp16 ("--rows fp16" adds it)',
          refusals["fp16"],
        );
      const few = 'its table must have a row besides fp16 ("--rows rtn4" adds one)';
      require(Object.values(cells).some(isShown), `draw ${title}`, few);
      for (const { id, config, result: { survivors } } of Object.values(cells).filter(isShown)) {
        rows.push({
          model: name,
          method: titleOf(config),
          divergence: survivors.divergence?.value ??
            refuse(`draw ${title}`, "rows of its table must have a KL divergence", id),
          relative: perplexityRatio(survivors.windowLosses, full.windowLosses),
        });
      }
      kept.push(...describeKept(title, Object.values(cells), ({ config }) => titleOf(config)));
    }
    const drawing = drawDivergence(rows);
    const details = [...drawing.details, ...kept.map((line) => `${line}.`)];
    return figureOf(divergence, subjects, {}, rows, { ...drawing, details });
  },
};

/** Whether a row is held against full precision, and on the scale of the others. */
function isShown({ row }: MeasuredCell): boolean {
  return row !== "fp16" && !offScale.includes(row);
}

/** A method as tables print it; with a star where tokens are pruned. */
function titleOf({ method, pruning }: EvaluationConfig): string {
  return methods[method].title + (pruning ? "*" : "");
}
