import { canonicalJson, counted, InputError, require, sha256 } from "../../lib/core/mod.ts";
import {
  type AllocatedPart,
  type BitAllocation,
  type ConfiguredMethod,
  type MethodName,
  methods,
  versionKey,
} from "../../lib/methods/mod.ts";
import { allocate } from "../../lib/quant/mod.ts";
import { type CellSpec, type Executor, runCells, type RunOptions } from "../../lib/sweep/mod.ts";
import { cellOf, withExecutor } from "../cells/cell_runner.ts";
import {
  type BitSensitivity,
  bitSensitivityCells,
  type BitSensitivityConfig,
  sensitivityPasses,
} from "../measure/bit_sensitivity.ts";
import type { UnloadedSubject } from "../measure/subject.ts";

/** The modules of experiments/measure that measure sensitivities, besides the one that opens their subject. */
export const sensitivityMeasuredBy = ["bit_sensitivity.ts"];

/** How many windows of the calibration text sensitivities are measured on unless told. */
export const scoredWindows = 1;

/** The longest part of a window that is looked at: what maps cost beside each other differs little by length. */
const scoredTokens = 512;

/** What each choice of bits for each linear map, or site, costs. */
export interface MeasuredBits extends BitSensitivity {
  layer: number;
  bits: number;
}

/** Bits for each linear map, or site, within a budget. Plain data. */
export interface AllocatedBits {
  /** Bits per weight that were allowed, scales and all, or per value of activations. */
  budget: number;
  /** Those that are stored. */
  average: number;
  /** The sum of the KL divergences that they cost one by one, nats per token of the calibration text. */
  divergence: number;
  allocation: BitAllocation<BitSensitivity["name"]>;
}

/** What is allocated, as texts call it. */
export const allocatedWords = {
  weights: { things: "linear maps", unit: "bits per weight", counted: "with their scales" },
  activations: { things: "sites", unit: "bits per activation", counted: "of codes alone" },
} as const;

/** How {@linkcode measureSensitivities} runs. */
export interface SensitivityOptions extends Omit<RunOptions, "executor"> {
  /** Measures in this process unless given. */
  executor?: Executor;
  /** Windows of those that activations are calibrated on, the first ones; {@linkcode scoredWindows} unless given. */
  scored?: number;
}

/**
 * Measures what each choice of bits for each linear map, or site, costs, a cell for each number of bits and layer.
 * What was measured before with the same code, model, calibration and settings is taken from the store.
 *
 * @param method Whose settings may have been changed; their bits do not matter.
 * @throws {InputError} If all must have the same bits, there is nothing to calibrate on, activations are calibrated on
 *   fewer windows, or a cell refuses.
 * @throws The signal's reason once it is aborted; finished cells stay stored.
 */
export async function measureSensitivities(
  subject: UnloadedSubject,
  name: MethodName,
  method: ConfiguredMethod,
  part: AllocatedPart,
  options: SensitivityOptions,
): Promise<MeasuredBits[]> {
  const { scored = scoredWindows } = options;
  const cells = await sensitivityCells(subject, name, method, part, scored);
  const { results, refusals } = await withExecutor(
    options.executor,
    bitSensitivityCells,
    [subject],
    (executor) => runCells<BitSensitivity[]>(cells, { ...options, executor }),
  );
  if (refusals.size > 0) throw new InputError(...new Set(refusals.values()));
  return cells.flatMap(({ id, config: { bits, layer } }) =>
    results.get(id)!.map((each) => ({ ...each, bits, layer }))
  );
}

/** What linear maps take in bits per weight, or sites in bits per value. */
export function averageBits(measured: readonly BitSensitivity[]): number {
  const sum = (of: (each: BitSensitivity) => number) =>
    measured.reduce((total, each) => total + of(each), 0);
  return 8 * sum(({ byteLength }) => byteLength) / sum(({ values }) => values);
}

/** Refuses a method whose linear maps, or sites, must all have the same bits. */
export function requireAllocating(
  name: string,
  { allocates }: ConfiguredMethod,
  part: AllocatedPart,
): void {
  const able = Object.entries(methods).filter(([, each]) => each.allocates[part].length > 0);
  const rule = `the method must be one of ${able.map(([name]) => name).join(", ")}`;
  require(allocates[part].length > 0, `allocate bits of ${part}`, rule, name);
}

/**
 * Refuses a budget that is out of a method's range whatever the model. What weights take besides codes is known once
 * they are measured.
 */
export function requireBudget(
  name: string,
  { allocates }: ConfiguredMethod,
  part: AllocatedPart,
  budget: number,
): void {
  const [fewest, most] = [Math.min(...allocates[part]), Math.max(...allocates[part])];
  const range = part === "weights" ? `at least ${fewest}` : `${fewest}..${most}`;
  const isPossible = budget >= fewest && (part === "weights" || budget <= most);
  const rule = `the budget of ${name} must be ${range} ${allocatedWords[part].unit}`;
  require(isPossible, `allocate bits of ${part}`, rule, budget);
}

async function sensitivityCells(
  subject: UnloadedSubject,
  name: MethodName,
  method: ConfiguredMethod,
  part: AllocatedPart,
  scored: number,
): Promise<CellSpec<BitSensitivityConfig>[]> {
  requireAllocating(name, method, part);
  const { facts, model: { architecture } } = subject;
  const there = Math.min(facts.weightWindows, facts.activationWindows);
  const rule = `what they cost must be measured on at most ${
    counted(there, "window")
  }, as activations are calibrated on`;
  require(scored <= there, `allocate bits of ${part}`, rule, scored);
  const { testText: _test, validationText: _validation, windows: _windows, hub: _hub, ...kept } =
    facts;
  const { settings } = method;
  const identity = (await sha256(canonicalJson({ kept, settings, part, scored }))).slice(0, 12);
  return method.allocates[part].flatMap((bits) => {
    const shares = versionKey(
      sensitivityPasses(method.withSame(part, bits).passes(architecture), part),
    );
    return Array.from(
      { length: architecture.layers },
      (_, layer) =>
        cellOf(bitSensitivityCells, subject, {
          id: `bits/${identity}/${name}/${bits}/${layer}`,
          label: `sensitivity of ${part} with ${name}, ${bits} bits in layer ${layer}`,
          config: {
            ...kept,
            method: name,
            methodSettings: settings,
            part,
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
 * The bits of each linear map, or site, with which the sensitivities add up to the least, within a budget of bits
 * per weight, or value. To second order in the errors, which are taken to be independent, the divergence of a model
 * is the sum of what these cost one by one.
 *
 * @throws {InputError} If the budget is less than the fewest bits take, or more than the most.
 */
export function allocateBits(
  measured: readonly MeasuredBits[],
  method: MethodName,
  part: AllocatedPart,
  budget: number,
): AllocatedBits {
  const { unit, counted } = allocatedWords[part];
  const each = [...Map.groupBy(measured, ({ layer, name }) => `${layer} ${name}`).values()];
  const values = each.reduce((sum, [first]) => sum + first.values, 0);
  const bySize = each.map((choices) =>
    choices.toSorted((one, other) => one.byteLength - other.byteLength)
  );
  const [least, most] = [0, -1].map((place) =>
    averageBits(bySize.map((choices) => choices.at(place)!))
  );
  const rule = `the budget of ${method} must be ${least.toFixed(3)}..${most.toFixed(3)} ${unit}, ` +
    `what its fewest and most bits take ${counted}`;
  // Budgets are read off tables, where they are rounded.
  const isPossible = budget >= least - 5e-4 && budget <= most + 5e-4;
  require(isPossible, `allocate bits of ${part}`, rule, budget);
  const bytes = Math.max(budget, least) * values / 8;
  const items = each.map((choices) =>
    choices.map(({ byteLength: size, divergence: cost }) => ({ size, cost }))
  );
  const choice = allocate(items, Math.round(bytes * 1e6) / 1e6);
  const chosen = each.map((choices, order) => choices[choice[order]]);
  const allocation: Partial<Record<BitSensitivity["name"], number>>[] = [];
  for (const { layer, name, bits } of chosen) (allocation[layer] ??= {})[name] = bits;
  return {
    ...{ budget, allocation },
    average: averageBits(chosen),
    divergence: chosen.reduce((sum, { divergence }) => sum + divergence, 0),
  };
}
