import { assertEquals } from "@std/assert";
import { namedTables } from "../../../experiments/tables/named_tables.ts";
import { drawTable } from "../../../experiments/tables/pareto.ts";
import { methods } from "../../../lib/methods/mod.ts";
import { measuredModel, readingOf } from "../measure/tiny_subject.ts";

const [rivals, , activation] = namedTables;
const reading = readingOf([1, 2]);
const { cells, ...model } = measuredModel({ survivors: reading, denseOnSurvivors: reading });

/** Cells with these bits and divergences. */
function drawn(table: typeof rivals) {
  const cellOf = (row: "fp16" | "agileq-4" | "agileq-8", bitsPerWeight: number, value: number) => ({
    ...cells[row],
    result: {
      survivors: { ...reading, divergence: { value } },
      storage: { ...model.storage, bitsPerWeight },
    },
  });
  const measured = {
    "fp16": cellOf("fp16", 32, 0),
    "agileq-4": cellOf("agileq-4", 4.5, 0.1),
    "agileq-8": cellOf("agileq-8", 4.5, 0.2),
  };
  return drawTable(table, [{ ...model, cells: measured }])!;
}

Deno.test("drawTable() holds bits of weights or activations against divergence, where there is some", () => {
  assertEquals(drawn(rivals).details, [
    "tiny: of 2 methods 1 is beaten by none: AgileQ-4 (4.50 bits, 0.1000 nats).",
  ]);
  const four = methods["agileq-4"].activationBits(model.architecture);
  assertEquals(drawn(activation).details, [
    `tiny: of 2 methods 1 is beaten by none: AgileQ-4 (${four.toFixed(2)} bits, 0.1000 nats).`,
  ]);
});

Deno.test("drawTable() draws nothing of rows that all keep the model exactly", () => {
  const result = { ...cells.fp16.result, survivors: { ...reading, divergence: { value: 0 } } };
  const kept = { ...model, cells: { fp16: { ...cells.fp16, result } } };
  assertEquals(drawTable(rivals, [kept]), undefined);
});
