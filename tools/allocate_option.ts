import type { Command } from "commander";
import type { UnloadedSubject } from "../experiments/measure/subject.ts";
import {
  allocateBits,
  type AllocatedBits,
  allocatedWords,
  measureSensitivities,
  requireAllocating,
  requireBudget,
  scoredWindows,
  sensitivityMeasuredBy,
} from "../experiments/tables/allocate_bits.ts";
import { refuse, require } from "../lib/core/mod.ts";
import { isObject, readJson } from "../lib/io/mod.ts";
import {
  type AllocatedPart,
  type ConfiguredMethod,
  type MethodName,
  requireBitsByLayer,
} from "../lib/methods/mod.ts";
import type { Architecture } from "../lib/model/mod.ts";
import { cellFolder, fileCellStore } from "./cell_store.ts";
import { decimalNumber, integerOption, pathOption, type Session } from "./command_line.ts";
import { fingerprintOf, measurementModules } from "./fingerprint.ts";

/**
 * What a command line says of bits for each linear map, or site, by itself; nothing where all have the same. Each is a
 * budget in bits per weight, scales and all, or per activation, or a file that says who has which bits.
 */
export interface AllocateOptions {
  allocate?: number | string;
  allocateActivations?: number | string;
  /** Windows of the calibration text that sensitivities are measured on. */
  allocateWindows?: number;
}

/** How each part is asked for, and what files call its bits. */
const asked = {
  weights: { key: "allocate", flag: "--allocate", saved: "allocation" },
  activations: {
    key: "allocateActivations",
    flag: "--allocate-activations",
    saved: "activationAllocation",
  },
} as const;

const parts = Object.keys(asked) as AllocatedPart[];

/** Adds the options about the bits of weights to a command line. */
export function addAllocateOptions(program: Command): Command {
  return addAllocateWindows(program.option(
    "--allocate <budget>",
    "bits per weight, scales and all, shared out among the linear maps by what each costs alone, " +
      "which is measured; or a .json that says who has which, as --json prints it",
    allocateOption("weights"),
  ));
}

/** Adds the option about the bits of activations. */
export function addAllocateActivations(program: Command): Command {
  return program.option(
    "--allocate-activations <budget>",
    "likewise bits per activation, shared out among the sites of all layers",
    allocateOption("activations"),
  );
}

/** Adds the option about how sensitivities are measured alone. */
export function addAllocateWindows(program: Command): Command {
  return program.option(
    "--allocate-windows <count>",
    "calibration windows that what linear maps or sites cost is measured on: at most those of " +
      `activations (default: ${scoredWindows})`,
    integerOption("--allocate-windows", 1),
  );
}

function allocateOption(part: AllocatedPart): (text: string) => number | string {
  const { flag } = asked[part];
  return (text) => {
    if (text.endsWith(".json")) return pathOption(flag)(text);
    const budget = decimalNumber(text);
    const isBudget = budget > 0 && budget <= 16;
    const rule = `${flag} must be ${allocatedWords[part].unit}, at most 16, or a .json file`;
    require(isBudget, "read the command line", rule, text);
    return budget;
  };
}

/** Whether a budget is to be shared out, so that what things cost is to be measured. */
export function isToShare(options: AllocateOptions): boolean {
  return parts.some((part) => typeof options[asked[part].key] === "number");
}

/** Refuses bits for each linear map, or site, by itself: what random blocks take says nothing of them. */
export function requireUniform(options: AllocateOptions): void {
  for (const { key, flag } of Object.values(asked)) {
    const rule = `--dry-run does not go with ${flag}`;
    require(options[key] === undefined, "read the command line", rule, options[key]);
  }
}

/**
 * The method with the bits that files say; the same method where there are budgets or nothing.
 *
 * @param name What errors call the method.
 * @param bits What else the command line says of those of weights.
 * @throws {InputError} If all linear maps, or sites, of the method must have the same bits, a budget is out of its
 *   range, a file does not say the bits of this architecture, or windows are given for nothing.
 */
export async function readAllocation(
  method: ConfiguredMethod,
  name: string,
  { bits, ...options }: AllocateOptions & { bits?: number },
  architecture: Architecture,
): Promise<ConfiguredMethod> {
  const { allocateWindows } = options;
  const isUsed = allocateWindows === undefined || isToShare(options);
  const rule = "--allocate-windows must come with a budget to share out";
  require(isUsed, "read the command line", rule, allocateWindows);
  let read = method;
  for (const part of parts) {
    const { key, flag, saved } = asked[part];
    const { [key]: source } = options;
    if (source === undefined) continue;
    const isAlone = part !== "weights" || bits === undefined;
    require(isAlone, "read the command line", `--bits does not go with ${flag}`, bits);
    requireAllocating(name, method, part);
    if (typeof source === "number") {
      requireBudget(name, method, part, source);
      continue;
    }
    const action = `read ${source}`;
    const file = await readJson(source);
    const { [saved]: allocation } = isObject(file) ? file : {};
    if (allocation === undefined) refuse(action, `it must be an object that has an ${saved}`);
    requireBitsByLayer(allocation, action);
    const allocated = method.with({ [part]: { allocation } });
    allocated.requireAllocations(architecture, action);
    read = read.with({ [part]: { allocation } });
  }
  return read;
}

/** A method with budgets shared out, and what that came to. */
export interface SharedOut {
  method: ConfiguredMethod;
  allocated: { [Part in AllocatedPart]?: AllocatedBits };
}

/**
 * Shares budgets out among the linear maps, and the sites, of a model by their measured sensitivities; of these
 * every one that is measured is kept, and used again. The same method where the command line names no budget.
 *
 * @param subject With its weights, unless they are to be loaded once something is to be measured.
 * @throws {InputError} If there is nothing to calibrate on, the method does not fit the model, or a budget is out
 *   of its range.
 * @throws The signal's reason once it is aborted.
 */
export async function shareOut(
  subject: UnloadedSubject,
  method: ConfiguredMethod,
  name: string,
  options: AllocateOptions,
  session: Session,
): Promise<SharedOut> {
  const shared: SharedOut = { method, allocated: {} };
  for (const part of parts) {
    const { [asked[part].key]: budget } = options;
    if (typeof budget !== "number") continue;
    const { kept } = session;
    session.kept = "Measured sensitivities are kept: the same command goes on there.";
    const measured = await measureSensitivities(subject, name as MethodName, method, part, {
      ...{ progress: session.progress, signal: session.signal, scored: options.allocateWindows },
      store: fileCellStore(cellFolder),
      fingerprint: await fingerprintOf(measurementModules(sensitivityMeasuredBy)),
    });
    session.kept = kept;
    const found = allocateBits(measured, name as MethodName, part, budget);
    shared.allocated[part] = found;
    shared.method = shared.method.with({ [part]: { allocation: found.allocation } });
  }
  return shared;
}
