import type { Command } from "commander";
import type { UnloadedSubject } from "../experiments/measure/subject.ts";
import {
  allocateBits,
  type AllocatedBits,
  measureSensitivities,
  requireAllocating,
  scoredWindows,
  sensitivityMeasuredBy,
} from "../experiments/tables/allocate_bits.ts";
import { refuse, require } from "../lib/core/mod.ts";
import { isObject, readJson } from "../lib/io/mod.ts";
import {
  type ConfiguredMethod,
  type MethodName,
  requireAllocation,
  requireBitsByLayer,
} from "../lib/methods/mod.ts";
import type { Architecture } from "../lib/model/mod.ts";
import { cellFolder, fileCellStore } from "./cell_store.ts";
import { integerOption, pathOption, type Session } from "./command_line.ts";
import { fingerprintOf, measurementModules } from "./fingerprint.ts";

/** What a command line says of bits for each linear map by itself; nothing where all have the same. */
export interface AllocateOptions {
  /** A budget in bits per weight, scales and all, or a file that says who has which bits. */
  allocate?: number | string;
  /** Windows of the calibration text that sensitivities are measured on. */
  allocateWindows?: number;
}

/** Adds the options to a command line. */
export function addAllocateOptions(program: Command): Command {
  return addAllocateWindows(program.option(
    "--allocate <budget>",
    "bits per weight, scales and all, shared out among the linear maps by what each costs alone, " +
      "which is measured; or a .json that says who has which, as --json prints it",
    allocateOption,
  ));
}

/** Adds the option about how sensitivities are measured alone. */
export function addAllocateWindows(program: Command): Command {
  return program.option(
    "--allocate-windows <count>",
    "windows of the calibration text that what linear maps cost is measured on",
    integerOption("--allocate-windows", 1),
    scoredWindows,
  );
}

function allocateOption(text: string): number | string {
  if (text.endsWith(".json")) return pathOption("--allocate")(text);
  const budget = Number(text);
  const isBudget = text.trim() !== "" && budget > 0 && budget <= 16;
  const rule = "--allocate must be bits per weight, at most 16, or a .json file";
  require(isBudget, "read the command line", rule, text);
  return budget;
}

/**
 * The method with the bits that a file says; the same method where there is a budget or nothing.
 *
 * @param name What errors call the method.
 * @param bits What else the command line says of them.
 * @throws {InputError} If all linear maps of the method must have the same bits, or the file does not say those of
 *   this architecture.
 */
export async function readAllocation(
  method: ConfiguredMethod,
  name: string,
  { allocate, bits }: AllocateOptions & { bits?: number },
  architecture: Architecture,
): Promise<ConfiguredMethod> {
  if (allocate === undefined) return method;
  require(bits === undefined, "read the command line", "--bits does not go with --allocate", bits);
  requireAllocating(name, method);
  if (typeof allocate === "number") return method;
  const action = `read ${allocate}`;
  const saved = await readJson(allocate);
  if (!isObject(saved)) refuse(action, "it must be an object that has an allocation");
  const { allocation = null } = saved;
  requireBitsByLayer(allocation, action);
  requireAllocation(allocation, architecture, method.allocates, action);
  return method.with({ weights: { allocation } });
}

/**
 * Shares a budget out among the linear maps of a model by their measured sensitivities; of these every one that
 * is measured is kept, and used again. Undefined where the command line names no budget.
 *
 * @param subject With its weights, unless they are to be loaded once something is to be measured.
 * @throws {InputError} If there is nothing to calibrate on, the method does not fit the model, or the budget is out
 *   of its range.
 * @throws The signal's reason once it is aborted.
 */
export async function measureAllocation(
  subject: UnloadedSubject,
  method: ConfiguredMethod,
  name: string,
  { allocate, allocateWindows: scored }: AllocateOptions,
  session: Session,
): Promise<AllocatedBits | undefined> {
  if (typeof allocate !== "number") return undefined;
  const { kept } = session;
  session.kept = "Measured sensitivities are kept: the same command goes on there.";
  const measured = await measureSensitivities(subject, name as MethodName, method, {
    ...{ progress: session.progress, signal: session.signal, scored },
    store: fileCellStore(cellFolder),
    fingerprint: await fingerprintOf(measurementModules(sensitivityMeasuredBy)),
  });
  session.kept = kept;
  return allocateBits(measured, name as MethodName, allocate);
}
