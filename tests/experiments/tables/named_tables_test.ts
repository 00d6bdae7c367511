import { assert, assertEquals } from "@std/assert";
import { familyTables } from "../../../experiments/tables/family_tables.ts";
import { isCounted, isNamed, namedTables } from "../../../experiments/tables/named_tables.ts";
import { methods } from "../../../lib/methods/mod.ts";
import { families } from "../../model/tiny_models.ts";

const keysOf = ({ rows }: typeof namedTables[number]) => rows.map(({ measured }) => measured.key);

Deno.test("namedTables have rows with keys and labels of their own, the model as it is among them", () => {
  for (const table of namedTables) {
    const keys = keysOf(table);
    assert(keys.includes("fp16"), table.key);
    assertEquals(new Set(keys).size, keys.length, table.key);
    assertEquals(new Set(table.rows.map(({ label }) => label)).size, keys.length, table.key);
  }
});

Deno.test("namedTables hold every method, those with activations in activation or formats", () => {
  const [rivals, formats, activation] = namedTables.map(({ rows }) =>
    new Set(
      rows.filter(({ measured }) => !measured.settings).map(({ measured }) => measured.method),
    )
  );
  assertEquals(rivals.union(formats).size, Object.keys(methods).length);
  for (const [name, { settings }] of Object.entries(methods)) {
    const isThere = activation.union(formats).has(name as keyof typeof methods);
    if (settings.activations) assert(isThere, name);
  }
});

Deno.test("namedTables and familyTables measure the same under one key", () => {
  const rows = [...familyTables, ...namedTables].flatMap(({ rows }) =>
    rows.flatMap(({ measured }) => measured ?? [])
  );
  for (const [key, own] of Map.groupBy(rows, ({ key }) => key)) {
    for (const { method, settings, pruning } of own) {
      const [first] = own;
      assertEquals([method, settings, pruning], [first.method, first.settings, first.pruning], key);
    }
  }
});

Deno.test("namedTables claim nothing of rows that they do not have, and configure every row", () => {
  for (const table of namedTables) {
    const keys = keysOf(table);
    for (const { claim, rows } of table.claims) {
      assertEquals(rows.filter((row) => !keys.includes(row)), [], claim);
    }
    for (const { measured } of table.rows) {
      const configured = methods[measured.method].with(measured.settings ?? {});
      const bits = configured.activationBits(families.llama);
      assert(bits >= 2 && bits <= 16, measured.key);
    }
  }
});

Deno.test("isNamed() tells tables with a name from those of families", () => {
  assertEquals(namedTables.map(isNamed), [true, true, true]);
  assertEquals(familyTables.some(isNamed), false);
});

Deno.test("isCounted() is what the table of formats is", () => {
  assertEquals(namedTables.map(isCounted), [false, true, false]);
  assertEquals(familyTables.some(isCounted), false);
});
