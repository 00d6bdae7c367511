import { verdictLegend } from "../../lib/core/mod.ts";
import type { Table, TableCell } from "../../lib/report/mod.ts";
import { baselineName, baselineNotes } from "../result/baseline.ts";
import { describeFinding } from "../result/finding.ts";
import { ablationRows } from "./ablation_rows.ts";
import { ratioOf } from "./claims.ts";
import { everywhere } from "./comparisons.ts";
import { judgeAblations } from "./judge_ablations.ts";
import { describeKept } from "./keep_rows.ts";
import type { AblatedModel } from "./measure_ablations.ts";

const legend =
  "AgileQ-8 with one thing changed at a time: its softmax has four bits in the released " +
  "code's reading, TRIP K = 3, calibrated steps, and it prunes nothing. Pruned rows lose 30 % of the " +
  "tokens, in equal shares at a quarter, half and three quarters of the layers; pruned tokens leave " +
  "early. over AgileQ-8: perplexity on all positions over that of the first row; survivors / control: " +
  "scored where tokens survive, over the same without pruning; KL divergence in nats per token on the " +
  "survivors; intervals are 95 %";

/**
 * The ablations as a table: a row for each change, columns for each model, and verdicts on what they ask.
 *
 * @param notes What to say of the models and their texts.
 */
export function ablationTable(models: readonly AblatedModel[], notes: readonly string[]): Table {
  const measured = ablationRows.filter(({ key }) => models.some(({ cells }) => cells.has(key)));
  const judged = models.flatMap(judgeAblations);
  return {
    title: "Ablations: what the parts of AgileQ-8 are worth",
    columns: [
      "Change",
      ...models.flatMap(({ subject: { title, storage } }) =>
        [
          "perplexity",
          "over AgileQ-8",
          "survivors / control",
          `KL to ${baselineName(storage)}`,
        ].map((measure) => `${title}: ${measure}`)
      ),
    ],
    rows: measured.map(({ key, label }) => [
      label,
      ...models.flatMap((model) => cellsOf(model, key)),
    ]),
    notes: [
      legend,
      ...notes,
      ...models.flatMap(({ subject: { title, storage }, cells }) => [
        ...baselineNotes(title, storage),
        ...describeKept(title, cells.values(), ({ row }) => labelOf(row)),
      ]),
      ...judged.map((each) => `${each.model}: ${describeFinding(each)}`),
      verdictLegend,
    ],
  };
}

/** What the table calls a row. */
function labelOf(row: string): string {
  return ablationRows.find(({ key }) => key === row)!.label;
}

function cellsOf({ cells, refused }: AblatedModel, key: string): TableCell[] {
  const result = cells.get(key)?.result;
  if (!result) return [refused.has(key) ? "refused" : null, null, null, null];
  const { survivors, denseOnSurvivors } = result;
  const base = cells.get("agileq-8")?.result;
  return [
    { ...everywhere(result).perplexity, digits: 3 },
    base ? { ...ratioOf(everywhere(result), everywhere(base)), digits: 4 } : null,
    denseOnSurvivors ? { ...ratioOf(survivors, denseOnSurvivors), digits: 4 } : null,
    { value: survivors.divergence!.value, digits: 4 },
  ];
}
