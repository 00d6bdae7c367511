import { assertAlmostEquals, assertEquals, assertNotEquals, assertThrows } from "@std/assert";
import {
  type PlannedImportance,
  pruningFor,
  type PruningPlan,
} from "../../../experiments/measure/pruning_plan.ts";
import { InputError } from "../../../lib/core/mod.ts";
import { forward } from "../../../lib/model/mod.ts";
import { randomIds, withModel, withOpenModel } from "../../eval/tiny_models.ts";

const plan: PruningPlan = { beta: 0.36, layers: [0, 2], positions: "keep" };

Deno.test("pruningFor() shares beta equally out over the layers (eq. 9)", () =>
  withModel("llama", (model) => {
    const pruning = pruningFor(model, plan);
    assertEquals([...pruning.ratios.keys()], [0, 2]);
    for (const ratio of pruning.ratios.values()) assertAlmostEquals(ratio, 0.2);
    assertEquals([pruning.importance, pruning.positions], ["startToken", "keep"]);
  }));

Deno.test("pruningFor() scores tokens as the plan says", () =>
  withOpenModel("llama", (model) => {
    const leavers = (importance?: PlannedImportance) => {
      const pruning = pruningFor(model, { ...plan, beta: 0.3, importance });
      const { hidden, exits } = forward(model, randomIds(100, 1), { pruning });
      for (const each of [hidden, ...exits.map((exit) => exit.hidden)]) each.dispose();
      return exits.map(({ positions }) => [...positions]);
    };
    const [start, columns, random] = [leavers(), leavers("columnSums"), leavers("random")];
    assertEquals(leavers("startToken"), start);
    assertEquals(leavers("random"), random);
    for (const other of [columns, random]) {
      assertEquals(other.map(({ length }) => length), [16, 13]);
      assertNotEquals(other[0], start[0]);
    }
    assertNotEquals(columns[0], random[0]);
  }));

Deno.test("pruningFor() prunes beta of the tokens in the end, but for rounding down", () =>
  withOpenModel("llama", (model) => {
    const { hidden, positions, exits } = forward(model, randomIds(100, 1), {
      pruning: pruningFor(model, { ...plan, beta: 0.3 }), // 16.3 % at each layer
    });
    assertEquals(positions.length, 71);
    assertEquals(exits.map(({ positions }) => positions.length), [16, 13]);
    for (const each of [hidden, ...exits.map((exit) => exit.hidden)]) each.dispose();
  }));

Deno.test("pruningFor() counts negative layers from the end", () =>
  withModel("llama", (model) => {
    const layersOf = (layers: number[]) => [
      ...pruningFor(model, { ...plan, layers }).ratios.keys(),
    ];
    assertEquals(layersOf([-2, -1]), [1, 2]);
    assertEquals(layersOf([0, -1]), [0, 2]);
    assertEquals(layersOf([-3]), [0]);
  }));

for (
  const [change, message] of [
    [
      { layers: [1, 3] },
      "Cannot prune tokens: layers of llama are 0..2, or -3..-1 from the end, got 3",
    ],
    [
      { layers: [-4] },
      "Cannot prune tokens: layers of llama are 0..2, or -3..-1 from the end, got -4",
    ],
    [{ layers: [2, 0] }, "layers must be ascending integers from 0, got [2,0]"],
    [{ layers: [2, -1] }, "layers must be ascending integers from 0, got [2,2]"],
    [{ layers: [0.5] }, "layers must be ascending integers from 0, got [0.5]"],
    [{ layers: [] }, "layers must be 1 or more, got 0"],
    [{ beta: 1 }, "beta must lie in [0, 1), got 1"],
    [{ beta: -0.1 }, "beta must lie in [0, 1), got -0.1"],
    [{ beta: NaN }, "beta must lie in [0, 1), got NaN"],
  ] as [Partial<PruningPlan>, string][]
) {
  Deno.test(`pruningFor() refuses ${JSON.stringify(change)}`, () =>
    withModel("llama", (model) => {
      assertThrows(() => pruningFor(model, { ...plan, ...change }), InputError, message);
    }));
}
