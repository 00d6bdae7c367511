import { assert, assertAlmostEquals, assertEquals, assertMatch } from "@std/assert";
import { costNotes, operationsOf, tokenEnergy } from "../../../experiments/tables/map_costs.ts";
import { namedTables } from "../../../experiments/tables/named_tables.ts";
import type { MethodRow } from "../../../experiments/tables/table_rows.ts";
import { methods } from "../../../lib/methods/mod.ts";
import { linearShapes } from "../../../lib/model/mod.ts";
import { families } from "../../model/tiny_models.ts";

const [rivals, formats] = namedTables;
const rowOf = (key: string) =>
  [...rivals.rows, ...formats.rows].find(({ measured }) => measured?.key === key)!.measured!;

Deno.test("operationsOf() are a row's with its settings, where they are known", () => {
  const shown = ["fp16", "l-mul", "tokens-w8a8", "mofq8"].map((key) => operationsOf(rowOf(key)));
  assertEquals(shown, [
    "multiply float16, add float32",
    "2 add int16, add float32",
    "multiply int8, add int32",
    null,
  ]);
  const fixed: MethodRow = { ...rowOf("mofq8"), method: "ternary" };
  assertEquals(operationsOf(fixed), "add int32");
});

Deno.test("tokenEnergy() is that of all linear maps of the blocks, in microjoules", () => {
  const { llama } = families;
  const shapes = linearShapes(llama);
  const weights = shapes.reduce((sum, [rows, columns]) => sum + rows * columns, 0);
  const outputs = shapes.reduce((sum, [rows]) => sum + rows, 0);
  const floats = 2 * weights * (1.1 + 0.9) * 1e-6;
  assertAlmostEquals(tokenEnergy(methods.fp16, llama)!, floats, 1e-12);
  const bytes = 2 * (weights * (0.2 + 0.1) + outputs * 2 * 3.7) * 1e-6;
  assertAlmostEquals(tokenEnergy(methods.smoothquant, llama)!, bytes, 1e-12);
  assertEquals(tokenEnergy(methods.mofq8, llama), null);
  assertEquals(tokenEnergy(methods["shiftadd3-acc"], llama), null);
});

Deno.test("costNotes() say where energies come from, and why a row has none", () => {
  const [legend, ...others] = costNotes(rivals);
  assertMatch(legend, /Horowitz, ISSCC 2014 \(45 nm\)/);
  assert(
    others.includes("MoFQ8: no operations, as which tensors are integers is found by calibration"),
  );
  assert(
    others.includes(
      "ShiftAddLLM (acc.): no energy, as Horowitz, ISSCC 2014 (45 nm) has none of look up",
    ),
  );
  assertEquals(costNotes(formats).filter((note) => note.startsWith("FP8")), []);
});
