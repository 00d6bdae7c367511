import { require } from "../core/mod.ts";

/** One way to store an item. */
export interface StorageChoice {
  /** What it takes: bytes. */
  size: number;
  /** What it loses, in any unit that adds up over items. */
  cost: number;
}

/** Choices for the first items: what they take and lose together, and how it came to that. */
interface Chosen extends StorageChoice {
  choice: number;
  before?: Chosen;
}

/**
 * The choice for each item, by its place, with which the costs add up to the least while the sizes add up to a
 * budget at most: the multiple-choice knapsack problem, solved exactly (up to rounding in float64).
 *
 * A price for size (the Lagrange multiplier of the budget) turns it into a choice for each item by itself, which
 * bounds from below what any solution loses; the price at which these choices fit the budget gives a solution.
 * Item by item, choices are then joined into the combinations that no other beats in size and cost and that,
 * with the best choices at that price for all later items, can still be better than that solution: few, where
 * there are many items.
 *
 * @param items The choices of each, at least one; sizes and costs are finite.
 * @throws {InputError} If not even the smallest choices fit, or a number is not finite.
 */
export function allocate(
  items: readonly (readonly StorageChoice[])[],
  budget: number,
): number[] {
  const action = "allocate a budget";
  for (const { size, cost } of items.flat()) {
    const isFinite = Number.isFinite(size) && Number.isFinite(cost);
    require(isFinite, action, "sizes and costs must be finite", [size, cost]);
  }
  const smallest = items.map((choices) => Math.min(...choices.map(({ size }) => size)));
  const least = sum(smallest);
  require(
    least <= budget,
    action,
    `it must hold the smallest choices, which take ${least}`,
    budget,
  );
  const { price, cost: known } = fittingPrice(items, budget);
  const bests = items.map((choices) => Math.min(...choices.map((each) => priced(each, price))));
  let sizeLeft = least;
  let bestLeft = sum(bests);
  // What a solution as good as the known one can lose at that price, with room for rounding.
  const limit = known + price * budget + 1e-9 * (Math.abs(known) + Math.abs(price * budget));
  let combinations: Chosen[] = [{ size: 0, cost: 0, choice: -1 }];
  for (const [item, choices] of items.entries()) {
    sizeLeft -= smallest[item];
    bestLeft -= bests[item];
    const room = budget - sizeLeft;
    const joined: Chosen[] = [];
    for (const before of combinations) {
      for (const [choice, own] of choices.entries()) {
        const both = { size: before.size + own.size, cost: before.cost + own.cost };
        const isApt = both.size <= room && priced(both, price) + bestLeft <= limit;
        if (isApt) joined.push({ ...both, choice, before });
      }
    }
    combinations = unbeaten(joined);
  }
  const chosen: number[] = [];
  for (let last = combinations.at(-1)!; last.before; last = last.before) chosen.push(last.choice);
  return chosen.reverse();
}

/** A price for size at which the best choices fit the budget, and what these lose; the least but for rounding. */
function fittingPrice(
  items: readonly (readonly StorageChoice[])[],
  budget: number,
): { price: number; cost: number } {
  const bestAt = (price: number) => {
    const chosen = items.map((choices) =>
      choices.reduce((one, other) => {
        const gain = priced(one, price) - priced(other, price);
        return gain > 0 || gain === 0 && other.size < one.size ? other : one;
      })
    );
    return { size: sum(chosen.map(({ size }) => size)), cost: sum(chosen.map(({ cost }) => cost)) };
  };
  const all = items.flat();
  const steepest = Math.max(...all.map(({ cost }) => cost)) -
    Math.min(...all.map(({ cost }) => cost));
  let [low, high] = [0, Math.max(steepest, Number.MIN_VALUE)];
  if (bestAt(low).size <= budget) return { price: low, cost: bestAt(low).cost };
  while (bestAt(high).size > budget) high *= 2;
  for (let step = 0; step < 100; step++) {
    const middle = (low + high) / 2;
    if (bestAt(middle).size > budget) low = middle;
    else high = middle;
  }
  return { price: high, cost: bestAt(high).cost };
}

/** Of some combinations those that no other beats in size and cost: by growing size, falling cost. */
function unbeaten(combinations: Chosen[]): Chosen[] {
  combinations.sort((one, other) => one.size - other.size || one.cost - other.cost);
  let least = Infinity;
  return combinations.filter(({ cost }) => {
    const isBetter = cost < least;
    if (isBetter) least = cost;
    return isBetter;
  });
}

function priced({ size, cost }: StorageChoice, price: number): number {
  return cost + price * size;
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}
