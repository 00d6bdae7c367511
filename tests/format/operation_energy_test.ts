import { assertAlmostEquals, assertEquals } from "@std/assert";
import { energyOf, energyOfOperation, type Operation } from "../../lib/format/mod.ts";

/** Horowitz, ISSCC 2014, fig. 1.1.9. */
const published = [
  ["add int8", 0.03],
  ["add int32", 0.1],
  ["multiply int8", 0.2],
  ["multiply int32", 3.1],
  ["add float16", 0.4],
  ["add float32", 0.9],
  ["multiply float16", 1.1],
  ["multiply float32", 3.7],
] as const;

Deno.test("energyOfOperation() is the published one", () => {
  for (const [operation, energy] of published) assertEquals(energyOfOperation(operation), energy);
});

Deno.test("energyOfOperation() takes the next wider one for widths that are not there, and invents none", () => {
  const cases: [Operation, number | undefined][] = [
    ["multiply int4", 0.2],
    ["add int12", 0.1],
    ["multiply int16", 3.1],
    ["multiply float8", 1.1],
    ["add int64", undefined],
    ["multiply float64", undefined],
    ["shift int8", undefined],
    ["look up", undefined],
  ];
  for (const [operation, energy] of cases) assertEquals(energyOfOperation(operation), energy);
});

Deno.test("energyOf() sums, and says nothing where an operation has no energy", () => {
  assertAlmostEquals(energyOf({ "multiply int8": 2, "add int32": 3 })!, 0.7, 1e-12);
  assertEquals(energyOf({}), 0);
  assertEquals(energyOf({ "multiply int8": 2, "look up": 1 }), undefined);
  assertEquals(energyOf({ "look up": 0 }), 0);
});
