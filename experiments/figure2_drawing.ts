import { barChart, panels, type PlotlySpec } from "../lib/report/mod.ts";
import { executions, instructionLevels } from "./bench_record.ts";
import type { ProfileRow } from "./figure2.ts";

/** Operations that are drawn as one; any other stands for itself. */
const groups: Record<string, readonly string[]> = {
  "products with weights": ["q/k/v", "projection", "FC1", "FC2"],
  "products of attention": ["QK", "AV"],
  "activation, rotary": ["activation", "rotary"],
};

/**
 * Figure 2: the time of a block by operation, one panel per instruction level, one bar per way of
 * computing.
 *
 * @param rows Of any model; at least one of the one that is drawn.
 * @throws {InputError} If there is none.
 */
export function drawProfile(
  rows: readonly ProfileRow[],
  { model, phase, tokens }: Pick<ProfileRow, "model" | "phase" | "tokens">,
): PlotlySpec {
  const own = rows.filter((row) =>
    row.model === model && row.phase === phase && row.tokens === tokens
  );
  const levels = instructionLevels.filter((level) => own.some((row) => row.level === level));
  const names = [...new Set(own.map(({ operation }) => groupOf(operation)))];
  const charts = levels.map((level, index) => {
    const here = own.filter((row) => row.level === level);
    const ways = executions.filter((way) => here.some(({ execution }) => execution === way));
    const last = index === levels.length - 1;
    return barChart({
      title: level,
      categories: ways,
      x: { title: "weights and activations" },
      y: { title: "time of a block", unit: "ms" },
      series: names.map((name) => ({
        name,
        values: ways.map((way) => ({
          value: here.filter(({ execution, operation }) =>
            execution === way && groupOf(operation) === name
          ).reduce((sum, { milliseconds }) => sum + milliseconds, 0),
        })),
      })),
      stacked: true,
      legend: last,
      width: last ? 480 : 310,
      height: 380,
    });
  });
  return panels([charts], `One block of ${model}, ${phase}, ${tokens} tokens`);
}

function groupOf(operation: string): string {
  return Object.keys(groups).find((name) => groups[name].includes(operation)) ?? operation;
}
