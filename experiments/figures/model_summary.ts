import type { DrawnFigure } from "../../lib/display/mod.ts";
import { drawSummary } from "../draw/summary_drawing.ts";
import { madeOf } from "../result/result_record.ts";
import { figureFiles, readFigure } from "./recorded_figure.ts";

/**
 * What the results of a model open with: the first token, and what pruning does, in one picture; null where figures
 * 1 and `outliers` have not been measured.
 *
 * @param folder Such as `results/NAME`, with its figures in `figures`.
 * @throws {InputError} If there are several records of them, or one cannot be read.
 */
export async function modelSummary(folder: string): Promise<DrawnFigure | null> {
  const missing = async (name: string) => (await figureFiles(folder, [name])).length === 0;
  if (await missing("figure1") || await missing("outliers")) return null;
  const figure1 = await readFigure(folder, "figure1");
  const outliers = await readFigure(folder, "outliers");
  const drawing = madeOf([figure1.path, outliers.path], "deno task figures", () => (
    drawSummary(figure1.data.models[0], outliers.data[0])
  ));
  return { title: "The first token, outliers and pruning", ...drawing };
}
