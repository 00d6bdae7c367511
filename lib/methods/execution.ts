import { canonicalJson, InputError, require } from "../core/mod.ts";
import { AffineMatrix, finestStep } from "../format/mod.ts";
import { firstRows, integerMaps, requireLower, splitMap } from "../linear/mod.ts";
import {
  type Architecture,
  type ForwardOptions,
  linearGroups,
  type MapMaker,
  type Model,
  type Pruning,
} from "../model/mod.ts";
import type { OperandSteps } from "../tensor/mod.ts";
import { meterBits } from "./activation_bits.ts";
import type { Quantized } from "./calibrate.ts";
import type { ConfiguredMethod } from "./method.ts";
import { quantizingHook, type SiteQuantizers } from "./site_quantizer.ts";
import { weightPasses } from "./versions.ts";

/** How linear maps are computed: from dequantized floats, or in integers. */
export const executions = ["emulate", "integer"] as const;

export type Execution = typeof executions[number];

/** A model that is ready to run, and the options of its passes. */
export interface Executed {
  model: Model;
  forward: ForwardOptions;
  /**
   * Bits of what linear maps have read since, on average, where they depend on the values or on calibration and not
   * on the settings alone; undefined as long as nothing was read.
   */
  activationBits?(): number | undefined;
}

/**
 * Refuses what executing a method, or the first pass of its model, would refuse whatever the weights and
 * the calibration. To be asked before the work of quantizing begins.
 *
 * @param use.cached Whether tokens come one at a time and meet those before them in a cache.
 * @param use.pruned Whether tokens are pruned.
 * @param use.storedCodes Whether the maps of the model are integer codes already, which a method that leaves
 *   weights alone multiplies.
 * @throws {InputError} If the method or pruning goes by the importance of tokens, which next to a cache have
 *   none, or in integers: if it leaves weights as anything but integer codes, or an input of a linear map as it is, or gives the
 *   channels of one steps that have nothing in common.
 */
export function requireExecution(
  { title, ...method }: ConfiguredMethod,
  architecture: Architecture,
  { execute, cached = false, pruned = false, storedCodes = false }: {
    execute: Execution;
    cached?: boolean;
    pruned?: boolean;
    storedCodes?: boolean;
  },
): void {
  const passes = method.passes(architecture);
  const generates = `generate with ${title}`;
  const scores = "its quantizers must be the same for every token: a cache knows no importance";
  require(!cached || !passes.some(({ lower }) => lower), generates, scores);
  const keeps = "its keys and values must not be in a cache, which knows no importance of tokens";
  require(!pruned || !passes.some(({ cache }) => cache), `prune with ${title}`, keeps);
  if (execute === "emulate") return;
  const action = `execute ${title} in integers`;
  const staysAsStored = storedCodes && weightPasses(passes).length === 0;
  require(
    staysAsStored || passes.some(({ leavesCodes }) => leavesCodes),
    action,
    "it must leave weights as integer codes",
  );
  const steps = passes.map(({ quantizes }) => quantizes).filter((sites) => sites !== undefined);
  require(steps.length > 0, action, "it must quantize activations");
  const { activations = {} } = method.settings;
  const isReleased = "profile" in activations && activations.profile === "released";
  const where = isReleased ? ", as in profile paper" : "";
  for (const { reads } of linearGroups) {
    const own = steps.flatMap(({ [reads]: kind }) => kind ?? []);
    require(own.length > 0, action, `it must quantize ${reads}`);
    const rule = `the tokens and channels of ${reads} must share a step${where}`;
    require(own.every((kind) => kind === "shared steps"), action, rule);
  }
}

/** Whether a method can be executed in integers, by what {@linkcode requireExecution} refuses. */
export function runsInIntegers(method: ConfiguredMethod, architecture: Architecture): boolean {
  try {
    requireExecution(method, architecture, { execute: "integer" });
    return true;
  } catch (error) {
    if (error instanceof InputError) return false;
    throw error;
  }
}

/** The model with maps that multiply dequantized floats; values at sites are quantized and dequantized. */
export function emulate({ model, sites, lower, cache }: Quantized, pruning?: Pruning): Executed {
  const forward = forwardOf(sites, { pruning, lower, cache });
  const isMetered = sites.some((each) => Object.values(each).some(({ bitsOf }) => bitsOf));
  if (!forward.hook || !isMetered) return { model, forward };
  const { hook, average } = meterBits(forward.hook, sites);
  return { model, forward: { ...forward, hook }, activationBits: average };
}

/**
 * The model with linear maps that multiply integers instead of dequantized floats. Those with four bits
 * on either side do so on the lane-packed multiplier of fig. 5, but for machines where a native library
 * multiplies bytes. It agrees with {@linkcode emulate} up to float32 rounding, which now and then takes an
 * activation to the next code of the following quantizer. Attention multiplies codes, too, where a native
 * library multiplies bfloat16, which holds them, faster than float32; elsewhere what they stand for.
 *
 * A block whose weight or input is not quantized, or where the channels of an input have no common step,
 * is refused when it is opened.
 */
export function inIntegers({ model, sites, lower, cache }: Quantized, pruning?: Pruning): Executed {
  const inputs = new Set<string>(linearGroups.map(({ reads }) => reads));
  const others = sites.map((quantizers): SiteQuantizers =>
    Object.fromEntries(Object.entries(quantizers).filter(([site]) => !inputs.has(site)))
  );
  return {
    model: { ...model, source: { ...model.source, maps: integerMaker(sites) } },
    forward: { ...forwardOf(others, { pruning, lower, cache }), steps: sites.map(operandSteps) },
  };
}

/** What the operands of attention are multiples of, where all are quantized with steps that have one. */
function operandSteps(quantizers: SiteQuantizers): OperandSteps | undefined {
  const [query, key, value] = (["attn.q", "attn.k", "attn.v"] as const).map((site) => {
    const { grid, firstGrid } = quantizers[site] ?? {};
    return grid && !firstGrid && finestStep(grid);
  });
  return query && key && value ? { query, key, value } : undefined;
}

/**
 * The passes of a model with quantizers at its sites; attention rounds by itself where it can, that is
 * where all blocks round alike.
 */
function forwardOf(
  sites: readonly SiteQuantizers[],
  options: Pick<ForwardOptions, "pruning" | "lower" | "cache">,
): ForwardOptions {
  const roundings = sites.map(({ "attn.probs": quantizer }) => quantizer?.rounding);
  const areAlike = new Set(roundings.map((each) => canonicalJson(each ?? null))).size === 1;
  const probabilities = areAlike ? roundings[0] : undefined;
  const hook = quantizingHook(sites, (_site, { rounding }) => !(probabilities && rounding));
  return { ...options, ...hook.sites!.length > 0 && { hook }, probabilities };
}

function integerMaker(sites: readonly SiteQuantizers[]): MapMaker {
  return ({ reads, names }, modules, layer) => {
    const input = `${reads} of layer ${layer}`;
    const action = `multiply ${names[0]} by ${input} in integers`;
    const codes = modules.map(({ weight, bias }) => {
      require(weight instanceof AffineMatrix, action, "the weight must be quantized");
      return { weight, bias };
    });
    const { grid, lowerGrid, firstGrid } = sites[layer][reads] ?? {};
    require(grid !== undefined, action, "the input must have a uniform quantizer");
    const maps = integerMaps(codes, grid, input);
    const chosenGrid = lowerGrid ?? firstGrid;
    if (!chosenGrid) return maps;
    using made = new DisposableStack();
    for (const map of maps) made.use(map);
    const chosen = integerMaps(codes, chosenGrid, input);
    made.move();
    const rowsOf = lowerGrid ? requireLower : firstRows;
    return maps.map((map, index) => splitMap(chosen[index], map, rowsOf));
  };
}
