import { canonicalJson } from "../core/mod.ts";
import type { CellSpec } from "./cell.ts";

/**
 * Hands out cells to lanes so that what cells share is made once: cells that share something all go to
 * one lane, and a lane stays with its model while that has cells left.
 */
export class CellQueue<Cell extends CellSpec> {
  /** Cells that share something, by model. */
  #models = new Map<string, Cell[][]>();
  /** What is left of the cells that each lane has begun, and the model they are of. */
  #begun = new Map<number, { model: string; cells: Cell[] }>();

  constructor(cells: readonly Cell[]) {
    for (const [model, own] of byModel(cells)) this.#models.set(model, sharing(own));
  }

  /** The next cell for a lane, or undefined when there is none left. */
  take(lane: number): Cell | undefined {
    let begun = this.#begun.get(lane);
    if (!begun?.cells.length) {
      begun = this.#begin(begun?.model);
      if (begun) this.#begun.set(lane, begun);
    }
    return begun?.cells.shift();
  }

  #begin(last?: string): { model: string; cells: Cell[] } | undefined {
    const [next] = this.#models.keys();
    const model = last !== undefined && this.#models.has(last) ? last : next;
    if (model === undefined) return undefined;
    const [cells, ...left] = this.#models.get(model)!;
    if (left.length > 0) this.#models.set(model, left);
    else this.#models.delete(model);
    return { model, cells: [...cells] };
  }
}

/** The cells in groups that share something, those of one model after the other. */
export function cellGroups<Cell extends CellSpec>(cells: readonly Cell[]): Cell[][] {
  return [...byModel(cells).values()].flatMap(sharing);
}

function byModel<Cell extends CellSpec>(cells: readonly Cell[]): Map<string, Cell[]> {
  return Map.groupBy(cells, ({ model }) => canonicalJson(model));
}

/** Cells of one model in groups that share something. */
function sharing<Cell extends CellSpec>(cells: readonly Cell[]): Cell[][] {
  return [...Map.groupBy(cells, ({ shares, id }) => shares ?? id).values()];
}
