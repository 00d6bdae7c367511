import { assertEquals, assertMatch } from "@std/assert";
import { modelShapes } from "../../../experiments/measure/model_shapes.ts";
import { familyTables } from "../../../experiments/tables/family_tables.ts";
import { tokenEnergy } from "../../../experiments/tables/map_costs.ts";
import { activationBits, measuresOf, speedNotes } from "../../../experiments/tables/measures.ts";
import { namedTables } from "../../../experiments/tables/named_tables.ts";
import { methods } from "../../../lib/methods/mod.ts";
import { families } from "../../model/tiny_models.ts";
import { measuredModel, readingOf } from "../measure/tiny_subject.ts";
import { blockRecord } from "../result/bench_fixture.ts";

const [rivals, formats] = namedTables;
const pruned = readingOf([1, 2]);
const model = measuredModel({ survivors: pruned, denseOnSurvivors: pruned });
const timed = { ...model, architecture: modelShapes["OPT-125M"] };

Deno.test("measuresOf() gives tables with a name what rows cost, and those of families readings", () => {
  assertEquals(Object.keys(measuresOf(familyTables[0], model)).slice(0, 2), [
    "perplexity (survivors)",
    "denseOnSurvivors",
  ]);
  const measures = measuresOf(rivals, model, blockRecord);
  const storage = { ...model.storage, bitsPerWeight: 4.25 };
  const cell = { ...model.cells["agileq-8"], result: { survivors: pruned, storage } };
  assertEquals(Object.entries(measures).map(([name, show]) => [name, show(cell)]), [
    ["perplexity", { ...pruned.perplexity, digits: 3 }],
    ["KL to FP", { value: 0.125, digits: 4 }],
    ["top-1 agreement", { value: 0.75, digits: 4 }],
    ["bits per weight", { value: 4.25, digits: 2 }],
    ["bits per activation", { value: 8, digits: 2 }],
  ]);
});

Deno.test("measuresOf() gives the table of formats the energy of a token", () => {
  const { "energy per token (µJ)": show } = measuresOf(formats, model);
  const value = tokenEnergy(methods["agileq-8"], model.architecture)!;
  assertEquals(show(model.cells["agileq-8"]), { value, digits: 3 });
});

Deno.test("measuresOf() shows the speeds that the benchmarks measured of the model's shape, and no others", () => {
  const [name, show] = Object.entries(measuresOf(rivals, timed, blockRecord)).at(-1)!;
  assertMatch(name, /^speed over FP32 \(\w/);
  const shown = (row: "agileq-8" | "agileq-4" | "agileq-8-eq3" | "gptq4") => show(timed.cells[row]);
  assertEquals([shown("gptq4"), shown("agileq-8-eq3")], [null, null]);
  assertEquals([shown("agileq-8"), shown("agileq-4")].includes(null), false);
  const other = { ...timed.cells["agileq-8"], row: "agileq-8-other" };
  assertEquals(show(other), null);
});

Deno.test("activationBits() are those that were measured, or of a row's settings", () => {
  const cell = model.cells["agileq-4"];
  const bits = methods["agileq-4"].activationBits(families.llama);
  assertEquals(activationBits(cell, model), bits);
  const result = { ...cell.result, activationBits: 4.5 };
  assertEquals(activationBits({ ...cell, result }, model), 4.5);
});

Deno.test("speedNotes() say whose speeds are shown, and which models have none", () => {
  assertEquals(speedNotes(familyTables[0], [model], blockRecord), []);
  const [shown, none] = speedNotes(rivals, [model, timed], blockRecord);
  assertMatch(shown, /^speed over FP32: all blocks of the model's shape on 128 tokens/);
  assertMatch(none, /^tiny on the synthetic encyclopedia: no speed/);
  assertEquals(speedNotes(rivals, [timed]).length, 1);
});
