import { canonicalJson, InputError, require, sha256 } from "../../lib/core/mod.ts";
import {
  type BitAllocation,
  type ConfiguredMethod,
  type MethodName,
  methods,
  sharedWeights,
} from "../../lib/methods/mod.ts";
import type { LinearName } from "../../lib/model/mod.ts";
import { allocate } from "../../lib/quant/mod.ts";
import { type CellSpec, type Executor, runCells, type RunOptions } from "../../lib/sweep/mod.ts";
import { cellOf, withExecutor } from "../cells/cell_runner.ts";
import {
  bitSensitivityCells,
  type BitSensitivityConfig,
  type MapSensitivity,
} from "../measure/bit_sensitivity.ts";
import type { UnloadedSubject } from "../measure/subject.ts";

/** The modules of experiments/measure that measure sensitivities, besides the one that opens their subject. */
export const sensitivityMeasuredBy = ["bit_sensitivity.ts"];

/** How many windows of the calibration text sensitivities are measured on unless told. */
export const scoredWindows = 1;

/** The longest part of a window that is looked at: what maps cost beside each other differs little by length. */
const scoredTokens = 512;

/** What each choice of bits for each linear map costs. */
export interface MeasuredMap extends MapSensitivity {
  layer: number;
  bits: number;
}

/** Bits for each linear map within a budget. Plain data. */
export interface AllocatedBits {
  /** Bits per weight that were allowed, scales and all. */
  budget: number;
  /** Those that are stored. */
  bitsPerWeight: number;
  /** The sum of the KL divergences that the maps cost one by one, nats per token of the calibration text. */
  divergence: number;
  allocation: BitAllocation;
}

/** How {@linkcode measureSensitivities} runs. */
export interface SensitivityOptions extends Omit<RunOptions, "executor"> {
  /** Measures in this process unless given. */
  executor?: Executor;
  /** Windows of the calibration text; {@linkcode scoredWindows} unless given. */
  scored?: number;
}

/**
 * Measures what each choice of bits for each linear map costs, a cell for each number of bits and layer. What was
 * measured before with the same code, model, calibration and settings is taken from the store.
 *
 * @param method Whose settings may have been changed; their bits do not matter.
 * @throws {InputError} If all maps must have the same bits, there is nothing to calibrate on, or a cell refuses.
 * @throws The signal's reason once it is aborted; finished cells stay stored.
 */
export async function measureSensitivities(
  subject: UnloadedSubject,
  name: MethodName,
  method: ConfiguredMethod,
  options: SensitivityOptions,
): Promise<MeasuredMap[]> {
  const cells = await sensitivityCells(subject, name, method, options.scored ?? scoredWindows);
  const { results, refusals } = await withExecutor(
    options.executor,
    bitSensitivityCells,
    [subject],
    (executor) => runCells<MapSensitivity[]>(cells, { ...options, executor }),
  );
  if (refusals.size > 0) throw new InputError(...new Set(refusals.values()));
  return cells.flatMap(({ id, config: { bits, layer } }) =>
    results.get(id)!.map((each) => ({ ...each, bits, layer }))
  );
}

/** What linear maps take, in bits per weight. */
export function storedBits(maps: readonly MapSensitivity[]): number {
  const sum = (of: (map: MapSensitivity) => number) =>
    maps.reduce((total, map) => total + of(map), 0);
  return 8 * sum(({ byteLength }) => byteLength) / sum(({ weights }) => weights);
}

/** Refuses a method whose linear maps must all have the same bits. */
export function requireAllocating(name: string, { allocates }: ConfiguredMethod): void {
  const able = Object.entries(methods).filter(([, each]) => each.allocates.length > 0);
  const rule = `the method must be one of ${able.map(([name]) => name).join(", ")}`;
  require(allocates.length > 0, "allocate bits", rule, name);
}

async function sensitivityCells(
  subject: UnloadedSubject,
  name: MethodName,
  method: ConfiguredMethod,
  scored: number,
): Promise<CellSpec<BitSensitivityConfig>[]> {
  requireAllocating(name, method);
  const { facts, model: { architecture } } = subject;
  const { testText: _test, validationText: _validation, windows: _windows, hub: _hub, ...kept } =
    facts;
  const { settings } = method;
  const identity = (await sha256(canonicalJson({ kept, settings, scored }))).slice(0, 12);
  return method.allocates.flatMap((bits) => {
    const shares = sharedWeights(method.with({ weights: { bits } }), architecture);
    return Array.from(
      { length: architecture.layers },
      (_, layer) =>
        cellOf(bitSensitivityCells, subject, {
          id: `bits/${identity}/${name}/${bits}/${layer}`,
          label: `sensitivity of ${name}, ${bits} bits in layer ${layer}`,
          config: {
            ...kept,
            method: name,
            methodSettings: settings,
            bits,
            layer,
            scored,
            tokens: scoredTokens,
          },
          shares,
        }),
    );
  });
}

/**
 * The bits of each linear map with which the sensitivities add up to the least, within a budget of stored bits
 * per weight. To second order in the errors, which are taken to be independent, the divergence of a model is the sum
 * of what its maps cost one by one.
 *
 * @throws {InputError} If the budget is less than the fewest bits take, or more than the most.
 */
export function allocateBits(
  measured: readonly MeasuredMap[],
  method: MethodName,
  budget: number,
): AllocatedBits {
  const maps = [...Map.groupBy(measured, ({ layer, map }) => `${layer} ${map}`).values()];
  const weights = maps.reduce((sum, [first]) => sum + first.weights, 0);
  const bySize = maps.map((choices) =>
    choices.toSorted((one, other) => one.byteLength - other.byteLength)
  );
  const [least, most] = [0, -1].map((place) =>
    storedBits(bySize.map((choices) => choices.at(place)!))
  );
  const rule = `the budget of ${method} must be ${least.toFixed(3)}..${most.toFixed(3)} bits per ` +
    "weight, what its fewest and most bits take with their scales";
  // Budgets are read off tables, where they are rounded.
  require(budget >= least - 5e-4 && budget <= most + 5e-4, "allocate bits", rule, budget);
  const bytes = Math.max(budget, least) * weights / 8;
  const items = maps.map((choices) =>
    choices.map(({ byteLength: size, divergence: cost }) => ({ size, cost }))
  );
  const choice = allocate(items, Math.round(bytes * 1e6) / 1e6);
  const chosen = maps.map((choices, order) => choices[choice[order]]);
  const allocation: Partial<Record<LinearName, number>>[] = [];
  for (const { layer, map, bits } of chosen) (allocation[layer] ??= {})[map] = bits;
  return {
    ...{ budget, allocation },
    bitsPerWeight: storedBits(chosen),
    divergence: chosen.reduce((sum, { divergence }) => sum + divergence, 0),
  };
}
