import { refuse, require } from "../../lib/core/mod.ts";
import { methods } from "../../lib/methods/mod.ts";
import { forgetful } from "../../lib/sweep/mod.ts";
import { type DivergenceRow, drawDivergence } from "../draw/divergence_drawing.ts";
import type { EvaluationConfig } from "../measure/evaluation.ts";
import { familyTables } from "../tables/family_tables.ts";
import { describeKept, recordedModels } from "../tables/keep_rows.ts";
import { evaluatedBy } from "../tables/measure_models.ts";
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
    requireShown(options.rows);
    const settings = { store: forgetful, fingerprint: "", ...options };
    const rows: DivergenceRow[] = [];
    const kept: string[] = [];
    const models = await recordedModels(subjects, familyTables, earlier, settings);
    for (const { name, title, cells, refusals } of models) {
      const action = `draw ${title}`;
      const shown = Object.values(cells).filter(({ row }) => isShown(row));
      const why = Object.values(refusals)[0];
      require(shown.length > 0, action, `its table must have a row that ${heldAgainst}`, why);
      for (const { id, config, result: { survivors: { divergence, ratio } } } of shown) {
        if (!divergence || !ratio) {
          refuse(action, "rows of its table must have a KL divergence", id);
        }
        rows.push({
          model: name,
          method: titleOf(config),
          divergence: divergence.value,
          relative: ratio,
        });
      }
      kept.push(...describeKept(title, Object.values(cells), ({ config }) => titleOf(config)));
    }
    const drawing = drawDivergence(rows);
    const details = [...drawing.details, ...kept.map((line) => `${line}.`)];
    return figureOf(divergence, subjects, {}, rows, { ...drawing, details });
  },
};

const heldAgainst = `is held against full precision, and not off the scale as ${
  offScale.join(", ")
}`;

/** Whether a row is held against full precision, and on the scale of the others. */
function isShown(row: string): boolean {
  return row !== "fp16" && !offScale.includes(row);
}

/** Refuses rows of which none is drawn, before they are measured. */
function requireShown(rows: readonly string[] | undefined): void {
  if (rows === undefined) return;
  const action = "draw divergence";
  require(Array.isArray(rows), action, "rows must be a list", rows);
  require(rows.some(isShown), action, `rows must have one that ${heldAgainst}`, rows);
}

/** A method as tables print it; with a star where tokens are pruned. */
function titleOf({ method, pruning }: EvaluationConfig): string {
  return methods[method].title + (pruning ? "*" : "");
}
