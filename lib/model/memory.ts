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

/** What the stream of a window takes, in bytes. */
export function streamBytes({ hiddenSize }: Architecture, tokens: number): number {
  return 4 * hiddenSize * tokens;
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

/** Weights of up to so many bytes stay in memory; larger ones are read block by block. */
export const residentBytes = 2 ** 30;

/** A run whose memory is estimated. */
export interface MemoryPlan {
  /** What all parameters take as they are stored, in bytes. */
  storedBytes: number;
  /** What the quantized linear maps that are kept take; 0 where none are. */
  quantizedBytes: number;
  /** What calibration and quantization hold besides weights and an open block; 0 without. */
  preparing: number;
  /** Tokens per window, how many are scored, and in how many ways each. */
  window: number;
  windows: number;
  passes: number;
}

/** What a run holds at most, in bytes. */
export interface RunMemory {
  /** Whether blocks are read from the disk each time. */
  isStreamed: boolean;
  /** Weights as they are stored: all of them, or a block and the one that is read ahead; and quantized ones. */
  weights: number;
  /** A block and the head as float32. */
  open: number;
  /** Calibration and quantization: windows on their way, what is gathered of them, what is worked on. */
  preparing: number;
  /** Windows on their way to be scored, and what they compute in a block: their scores take less, later. */
  scoring: number;
  /** Preparing and scoring come one after the other, in the same memory. */
  total: number;
}

/** What a window computes in a block, in bytes. */
export function windowBytes(
  { intermediateSize, hiddenSize }: Architecture,
  tokens: number,
): number {
  return 4 * tokens * (3 * intermediateSize + 6 * hiddenSize);
}

/** Estimates what a run holds in memory, besides the program itself. */
export function runMemory(architecture: Architecture, plan: MemoryPlan): RunMemory {
  const { storedBytes, quantizedBytes, preparing, window, windows, passes } = plan;
  const { layers } = architecture;
  const isStreamed = storedBytes > residentBytes;
  const stored = isStreamed ? 2 * storedBytes / layers : storedBytes;
  const stream = streamBytes(architecture, window);
  const together = Math.min(windows * passes * stream, streamBudget(architecture));
  const scoring = Math.max(together, passes * stream) + windowBytes(architecture, window);
  const memory = {
    weights: stored + quantizedBytes,
    open: openMemory(architecture).bytes,
    preparing,
    scoring: windows === 0 ? 0 : scoring,
  };
  const total = memory.weights + memory.open + Math.max(memory.preparing, memory.scoring);
  return { isStreamed, ...memory, total };
}
