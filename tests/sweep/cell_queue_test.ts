import { assertEquals } from "@std/assert";
import { CellQueue } from "../../lib/sweep/cell_queue.ts";

/** A cell of a model, `opt gptq 1`: the second word says what it shares, if anything. */
function cell(id: string) {
  const [folder, shares] = id.split(" ");
  const shared = shares === "-" ? {} : { shares };
  return { id, experiment: "test", model: { folder }, config: null, ...shared };
}

/** The ids that lanes get, asking in this order. */
function handOut(ids: string[], lanes: number[]): (string | undefined)[] {
  const queue = new CellQueue(ids.map(cell));
  return lanes.map((lane) => queue.take(lane)?.id);
}

Deno.test("CellQueue gives one lane every cell once, model by model and sharing by sharing", () => {
  const ids = ["opt gptq 1", "bloom - 2", "opt rtn 3", "opt gptq 4", "bloom - 5"];
  assertEquals(handOut(ids, Array(6).fill(0)), [
    ...["opt gptq 1", "opt gptq 4", "opt rtn 3", "bloom - 2", "bloom - 5"],
    undefined,
  ]);
});

Deno.test("CellQueue gives cells that share something to one lane", () => {
  const ids = ["opt gptq 1", "opt gptq 2", "opt rtn 3", "opt rtn 4"];
  assertEquals(handOut(ids, [0, 1, 1, 0, 0, 1]), [
    ...["opt gptq 1", "opt rtn 3", "opt rtn 4", "opt gptq 2"],
    ...[undefined, undefined],
  ]);
});

Deno.test("CellQueue keeps a lane at its model while that has cells left", () => {
  const ids = ["opt - 1", "opt - 2", "bloom - 3", "opt - 4", "bloom - 5"];
  assertEquals(handOut(ids, [0, 0, 1, 0, 1, 0]), [
    ...["opt - 1", "opt - 2", "opt - 4", "bloom - 3", "bloom - 5"],
    undefined,
  ]);
});

Deno.test("CellQueue shares nothing between models that are opened in different ways", () => {
  const cells = [16, 32].map((window) => ({ ...cell(`opt gptq ${window}`), model: { window } }));
  const queue = new CellQueue(cells);
  assertEquals([0, 1].map((lane) => queue.take(lane)?.id), ["opt gptq 16", "opt gptq 32"]);
});
