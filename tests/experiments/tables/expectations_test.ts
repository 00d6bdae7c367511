import { assertEquals, assertThrows } from "@std/assert";
import { bundledModels, isBundled } from "../../../experiments/measure/bundled.ts";
import {
  acceptCells,
  driftOf,
  expectations,
  figuresOf,
  replaceTables,
} from "../../../experiments/tables/expectations.ts";
import { familyTables } from "../../../experiments/tables/family_tables.ts";
import { InputError } from "../../../lib/core/mod.ts";
import { measuredModel, readingOf } from "../measure/tiny_subject.ts";

/** A pruned cell whose readings have these perplexities. */
function cellOf(survivors: number, denseOnSurvivors: number, allPositions?: number) {
  const reading = (perplexity: number) => readingOf([Math.log(perplexity)]);
  return measuredModel({
    survivors: reading(survivors),
    denseOnSurvivors: reading(denseOnSurvivors),
    ...allPositions && { allPositions: reading(allPositions) },
  }).cells["agileq-8-pruned"];
}

const id = "table1/tiny/agileq-8-pruned";
const expected = { [id]: { survivors: 4, denseOnSurvivors: 5, allPositions: 6 } };

Deno.test("driftOf() lets pass what is within tolerance", () => {
  assertEquals(driftOf(cellOf(4, 5, 6), expected), []);
  assertEquals(driftOf(cellOf(4 * 1.019, 5 * 0.981, 6), expected), []);
});

Deno.test("driftOf() names cell and reading of what is not", () => {
  assertEquals(driftOf(cellOf(4 * 1.021, 5, 6 * 0.979), expected), [
    `${id}: survivors perplexity is 4.0840, expected 4.0000 within 2 %`,
    `${id}: allPositions perplexity is 5.8740, expected 6.0000 within 2 %`,
  ]);
});

Deno.test("driftOf() holds what is exact to a tighter tolerance", () => {
  const cell = measuredModel(cellOf(4, 5).result, { fp16: [Math.log(3)] }).cells.fp16;
  assertEquals(driftOf(cell, { [cell.id]: { survivors: 3.0002 } }), []);
  assertEquals(driftOf(cell, { [cell.id]: { survivors: 3.0004 } }), [
    "table1/tiny/fp16: survivors perplexity is 3.0000, expected 3.0004 within 0.01 %",
  ]);
});

Deno.test("driftOf() counts missing and unexpected readings and cells, and figures that are none", () => {
  assertEquals(driftOf(cellOf(4, 5), expected), [
    `${id}: allPositions perplexity is missing, expected 6.0000 within 2 %`,
  ]);
  assertEquals(driftOf(cellOf(4, 5, 6), { [id]: { survivors: 4, allPositions: 6 } }), [
    `${id}: denseOnSurvivors perplexity is 5.0000, expected none`,
  ]);
  assertEquals(driftOf(cellOf(4, 5, 6), {}), [`${id}: nothing is expected of this cell`]);
  assertEquals(driftOf(cellOf(NaN, 5, 6), expected).length, 1);
  assertEquals(driftOf(cellOf(Infinity, 5, 6), expected).length, 1);
});

Deno.test("figuresOf() of a measured cell are what driftOf() accepts", () => {
  const cell = cellOf(4.125, 5.5, 6.25);
  assertEquals(driftOf(cell, { [id]: figuresOf(cell.result) }), []);
});

Deno.test("acceptCells() expects what was measured on bundled models, and on no others", () => {
  const cell = cellOf(4, 5, 6);
  const bundled = { ...cell, id: "table1/llama-encyclopedia/gptq4", model: "llama-encyclopedia" };
  const other = { ...bundled, id: "table1/mine/gptq4", model: "mine/llama-encyclopedia" };
  const accepted = acceptCells([bundled, other, cell]);
  assertEquals(Object.keys(accepted), [bundled.id]);
  assertEquals(driftOf(bundled, accepted), []);
});

Deno.test("replaceTables() drops what accepted tables have no more, and nothing of other tables", () => {
  const [one, two] = [{ survivors: 1 }, { survivors: 2 }];
  const before = { "table1/a/gptq4": one, "table1/a/fp16": one, "table2/b/fp16": one };
  const accepted = { "table1/a/rtn4": two, "table1/a/fp16": two };
  const replaced = replaceTables([1], accepted, before);
  assertEquals(Object.entries(replaced), [
    ["table1/a/fp16", two],
    ["table2/b/fp16", one],
    ["table1/a/rtn4", two],
  ]);
  assertThrows(
    () => replaceTables([1, 2], accepted, before),
    InputError,
    "Cannot accept what was measured: table 2 in results/ must be of bundled models",
  );
});

Deno.test("expectations are those of every measured row of the bundled models", () => {
  const ids = familyTables.flatMap(({ number, family, rows }) =>
    rows.flatMap(({ measured }) =>
      isBundled(family) ? [`table${number}/${bundledModels[family].name}/${measured.key}`] : []
    )
  );
  assertEquals(Object.keys(expectations).sort(), ids.sort());
});
