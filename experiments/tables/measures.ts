import type { Reading } from "../../lib/eval/mod.ts";
import { type MethodName, methods } from "../../lib/methods/mod.ts";
import type { TableCell } from "../../lib/report/mod.ts";
import { sameShape } from "../measure/model_shapes.ts";
import { type BenchRecord, instructionLevels } from "../result/bench_record.ts";
import type { PerplexityTable } from "./family_tables.ts";
import { tokenEnergy } from "./map_costs.ts";
import type { MeasuredCell, MeasuredModel } from "./measure_models.ts";
import { isNamed } from "./named_tables.ts";
import { table4Rows, table4Window } from "./table4.ts";

/** The columns of a model in a table, and what they show of a row that was measured. */
export type Measures = Readonly<Record<string, (cell: MeasuredCell) => TableCell>>;

/** Of tables of families, whose rows may prune. */
const readingMeasures: Measures = {
  "perplexity (survivors)": ({ result }) => perplexityCell(result.survivors),
  "denseOnSurvivors": ({ result }) => perplexityCell(result.denseOnSurvivors),
  "allPositions": ({ result }) => perplexityCell(result.allPositions),
  "KL to FP": ({ result }) => ({ value: result.survivors.divergence!.value, digits: 4 }),
  "top-1 agreement": ({ result }) => ({ value: result.survivors.agreement!.value, digits: 4 }),
};

/**
 * The columns of a model in a table: readings, or in tables with a name what a row costs as well.
 *
 * @param timings What `deno task bench block` recorded, for the speed of models whose shape it measured.
 */
export function measuresOf(
  table: PerplexityTable,
  model: MeasuredModel,
  timings?: BenchRecord,
): Measures {
  if (!isNamed(table)) return readingMeasures;
  const speed = speedOf(model, timings);
  return {
    "perplexity": readingMeasures["perplexity (survivors)"],
    "KL to FP": readingMeasures["KL to FP"],
    "top-1 agreement": readingMeasures["top-1 agreement"],
    "bits per weight": ({ result }) => ({ value: result.storage.bitsPerWeight, digits: 2 }),
    "bits per activation": (cell) => ({ value: activationBits(cell, model), digits: 2 }),
    ...table.counted && {
      "energy per token (µJ)": (cell: MeasuredCell) => energyCell(cell, model),
    },
    ...speed && {
      [`speed over FP32 (${speed.level})`]: (cell: MeasuredCell) => speed.of(cell),
    },
  };
}

/** Bits of what linear maps read under a row's method: as measured, or those of its settings. */
export function activationBits(
  { config, result }: Pick<MeasuredCell, "config" | "result">,
  { architecture }: Pick<MeasuredModel, "architecture">,
): number {
  return result.activationBits ??
    methods[config.method].with(config.methodSettings).activationBits(architecture);
}

function energyCell(
  { config }: Pick<MeasuredCell, "config">,
  { architecture }: Pick<MeasuredModel, "architecture">,
): TableCell {
  const energy = tokenEnergy(methods[config.method].with(config.methodSettings), architecture);
  return energy === null ? null : { value: energy, digits: 3 };
}

/** What table 4 calls the integers of the methods that the benchmarks run; no other method was timed. */
const timedBits: Partial<Record<MethodName, string>> = { "agileq-8": "8", "agileq-4": "4" };

/** How fast a model's blocks are in integers, at the highest instruction level that was measured. */
function speedOf({ architecture }: MeasuredModel, timings?: BenchRecord) {
  const shape = sameShape(architecture);
  if (!shape || !timings) return undefined;
  const rows = table4Rows(timings, [shape]);
  const level = instructionLevels.findLast((each) => rows.some(({ here }) => here[each]));
  if (!level) return undefined;
  return {
    level,
    of: ({ row, config: { method } }: MeasuredCell): TableCell => {
      const bits = row === method ? timedBits[method] : undefined;
      const speed = rows.find((each) => each.bits === bits)?.here[level]?.speedup;
      return speed ? { ...speed, digits: 2 } : null;
    },
  };
}

/** Where the speeds of a table with a name come from, and why models and methods have none. */
export function speedNotes(
  table: PerplexityTable,
  models: readonly MeasuredModel[],
  timings?: BenchRecord,
): string[] {
  if (!isNamed(table)) return [];
  const [timed, others] = [true, false].map((isTimed) =>
    models.filter((model) => (speedOf(model, timings) !== undefined) === isTimed)
  );
  return [
    ...timed.length > 0
      ? [
        `speed over FP32: all blocks of the model's shape on ${table4Window} tokens, by ` +
        `"deno task bench block" on ${
          timings!.machine.processor
        }; it times AgileQ-8 and AgileQ-4 alone, ` +
        "and the other methods that integers can execute are variants of these",
      ]
      : [],
    ...others.map(({ title }) =>
      `${title}: no speed, as "deno task bench block" has not measured its shape`
    ),
  ];
}

function perplexityCell(reading?: Reading): TableCell {
  return reading ? { ...reading.perplexity, digits: 3 } : null;
}
