import type { Drawing } from "../../lib/report/mod.ts";
import { drawPareto } from "../draw/pareto_drawing.ts";
import type { MeasuredModel } from "./measure_models.ts";
import { activationBits } from "./measures.ts";
import type { NamedTable } from "./named_tables.ts";

/** What a table with a name shows as a picture, of the rows that change the model; undefined where none does. */
export function drawTable(
  { rows, bits }: NamedTable,
  models: readonly MeasuredModel[],
): Drawing | undefined {
  const labels = new Map(rows.map(({ label, measured }) => [measured.key, label]));
  const points = models.flatMap((model) =>
    Object.values(model.cells).flatMap((cell) => {
      const { survivors: { divergence }, storage } = cell.result;
      const drawn = {
        model: model.name,
        method: labels.get(cell.row)!,
        bits: bits === "weight" ? storage.bitsPerWeight : activationBits(cell, model),
        divergence: divergence!.value,
      };
      return drawn.divergence > 0 && Number.isFinite(drawn.divergence) ? [drawn] : [];
    })
  );
  return points.length > 0 ? drawPareto(points, bits) : undefined;
}
