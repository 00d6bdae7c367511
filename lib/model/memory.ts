import { require } from "../core/mod.ts";
import { freeBytes, tensorBytes } from "../tensor/mod.ts";
import type { Architecture } from "./architecture.ts";
import { moduleShapes, parameterKinds, parameterShape } from "./weights.ts";

/** What is open at once while windows pass a block: it, and what surrounds the blocks. */
export function openMemory(architecture: Architecture): { parameters: number; bytes: number } {
  let parameters = 0;
  let bytes = 0;
  for (const shape of moduleShapes({ ...architecture, layers: 1 })) {
    if (shape.name === "positionEmbedding") continue; // its rows are read where they are stored
    if (shape.name === "embedding" && !architecture.tiedHead) continue;
    for (const kind of parameterKinds(shape)) {
      const size = parameterShape(shape, kind).reduce((product, each) => product * each, 1);
      parameters += size;
      bytes += tensorBytes(size);
    }
  }
  return { parameters, bytes };
}

/** What streams may take at least and at most, in bytes. */
const [smallestBudget, largestBudget] = [2 ** 20, 2 ** 30];

/**
 * What the streams of windows that pass a block together may take, in bytes: four times the block, so
 * that opening it costs little beside what it computes, within 1 MiB and 1 GiB.
 */
export function streamBudget(architecture: Architecture): number {
  const block = moduleShapes({ ...architecture, layers: 1 })
    .filter(({ layer }) => layer !== null)
    .reduce((sum, { weight }) => sum + 4 * weight.reduce((size, each) => size * each, 1), 0);
  return Math.min(Math.max(4 * block, smallestBudget), largestBudget);
}

/**
 * Refuses an architecture of which not even one block with the head fits the memory of the backend in
 * use.
 *
 * @param action What it is wanted for; begins the message.
 * @throws {InputError} If they do not fit.
 */
export function requireMemory(architecture: Architecture, action: string): void {
  const { parameters, bytes } = openMemory(architecture);
  const free = freeBytes();
  const rule = `the ${parameters} parameters of a block and the head must fit as float32 into ` +
    `${gibibytes(free)} of memory`;
  require(bytes <= free, action, rule, gibibytes(bytes));
}

/** So many bytes, for messages: `1.50 GiB`. */
export function gibibytes(bytes: number): string {
  return `${(bytes / 2 ** 30).toFixed(2)} GiB`;
}
