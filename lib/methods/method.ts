import { refuse, require } from "../core/mod.ts";
import { isObject } from "../io/mod.ts";
import type { Architecture } from "../model/mod.ts";
import { floatBits } from "./activation_bits.ts";
import {
  allocatedBits,
  allocatedPasses,
  type BitAllocation,
  requireAllocation,
  requireBitsByLayer,
} from "./allocated.ts";
import { floatCounts, type MapCounts, type NotCounted } from "./map_counts.ts";
import type { Pass } from "./pass.ts";

/** Settings of a method: plain data. */
export interface MethodSettings {
  /**
   * Of the weights of linear maps; they stay as they are without. With an allocation each has bits of its own,
   * in place of `bits`.
   */
  weights?: { bits: number; allocation?: BitAllocation };
  /** Of values at sites; these stay floats without. */
  activations?: { bits: number };
  /** Of a rotation before either. */
  rotation?: RotationSettings;
}

/** How a rotation is drawn. */
export interface RotationSettings {
  /** Of the signs of Q = diag(signs) H, an integer in 0..2^32-1. */
  seed: number;
}

/** Bits of weights and activations, as tables print them. */
export interface BitsLabel {
  weight: string;
  activation: string;
}

/** A way to quantize a model; one file under lib/methods each. */
export interface Method<Settings extends MethodSettings> {
  /** What it does to a model, step by step. */
  passes(settings: Settings, architecture: Architecture): Pass[];
  /** The settings of each part that may be absent, by name: what is neither there nor among them is refused. */
  optional?: { readonly [Part in keyof MethodSettings]?: readonly string[] };
  /**
   * The bits that a linear map may have by itself, where the method quantizes each map by nothing but what it reads
   * and what it is; all have the same without. The setting `allocation` says which has which.
   */
  allocates?: readonly number[];
  /** What tables print, where all linear maps have the same bits; {@linkcode bitsLabel} unless given. */
  label?(settings: Settings): BitsLabel;
  /**
   * Bits of the codes that linear maps read, on average over their inputs; those of the settings unless given.
   */
  activationBits?(settings: Settings, architecture: Architecture): number;
  /**
   * What linear maps do, as hardware made for the method would; they multiply floats unless given, and where
   * activations are quantized it is not known.
   */
  counts?(settings: Settings): MapCounts | NotCounted;
}

/** A method with its settings, ready to run. */
export interface ConfiguredMethod {
  /** As tables print it. */
  readonly title: string;
  readonly label: BitsLabel;
  readonly settings: MethodSettings;
  /** The bits that a linear map may have by itself; none where all must have the same, or stay as they are. */
  readonly allocates: readonly number[];
  passes(architecture: Architecture): Pass[];
  /** Bits of the values that linear maps read, on average over their inputs: 16 where these are floats. */
  activationBits(architecture: Architecture): number;
  /** What linear maps do, or why that is not known. */
  counts(): MapCounts | NotCounted;
  /**
   * The method with other settings in the place of some; of what it does not do none are taken.
   *
   * @throws {InputError} If the method has no such setting, or a value can be none. Which values there are is
   *   checked where they are used.
   */
  with(changes: SettingsChanges): ConfiguredMethod;
  /** Whether it has such a setting, or may have. */
  takes(part: keyof MethodSettings, setting: string): boolean;
}

/** Settings that take the place of others: `{ activations: { profile: "released" } }`. */
export type SettingsChanges = { readonly [Part in keyof MethodSettings]?: object };

/** A method with these settings. */
export function configure<Settings extends MethodSettings>(
  title: string,
  method: Method<Settings>,
  settings: Settings,
): ConfiguredMethod {
  return {
    title,
    settings,
    label: labelOf(method, settings),
    allocates: settings.weights && method.allocates || [],
    passes: (architecture) => passesOf(title, method, settings, architecture),
    activationBits: (architecture) =>
      method.activationBits?.(settings, architecture) ?? settings.activations?.bits ?? floatBits,
    counts: () => countsOf(method, settings),
    with: (changes) => configure(title, method, changed(title, method, settings, changes)),
    takes: (part, setting) => settingNames(method, settings, part).includes(setting),
  };
}

/** The settings without an allocation: with so many bits for all linear maps. */
function withBits<Settings extends MethodSettings>(settings: Settings, bits: number): Settings {
  const { allocation: _, ...weights } = settings.weights!;
  return { ...settings, weights: { ...weights, bits } };
}

function passesOf<Settings extends MethodSettings>(
  title: string,
  method: Method<Settings>,
  settings: Settings,
  architecture: Architecture,
): Pass[] {
  const { allocation } = settings.weights ?? {};
  if (allocation === undefined) return method.passes(settings, architecture);
  requireAllocation(allocation, architecture, method.allocates ?? [], `quantize with ${title}`);
  return allocatedPasses(
    allocation,
    (bits) => method.passes(withBits(settings, bits), architecture),
  );
}

function countsOf<Settings extends MethodSettings>(
  method: Method<Settings>,
  settings: Settings,
): MapCounts | NotCounted {
  if (settings.weights?.allocation && method.counts) {
    return { reason: "its linear maps have bits of their own" };
  }
  return method.counts?.(settings) ??
    (settings.activations ? { reason: "its operations are not counted" } : floatCounts);
}

/** What tables print: `INT2-6 mixed` where linear maps have from two to six bits. */
function labelOf<Settings extends MethodSettings>(
  { label = bitsLabel }: Method<Settings>,
  settings: Settings,
): BitsLabel {
  const { allocation } = settings.weights ?? {};
  if (allocation === undefined) return label(settings);
  const bits = allocatedBits(allocation);
  const fewest = label(withBits(settings, bits[0]));
  const most = bits.at(-1)!;
  return most === bits[0] ? fewest : { ...fewest, weight: `${fewest.weight}-${most} mixed` };
}

/** The settings of a part that a method has or may have; none of what it does not quantize. */
function settingNames<Settings extends MethodSettings>(
  { optional, allocates }: Method<Settings>,
  settings: Settings,
  part: keyof MethodSettings,
): string[] {
  const own = settings[part];
  if (own === undefined) return [];
  const allocated = allocates && part === "weights" ? ["allocation"] : [];
  return [...new Set([...Object.keys(own), ...optional?.[part] ?? [], ...allocated])];
}

function changed<Settings extends MethodSettings>(
  title: string,
  method: Method<Settings>,
  settings: Settings,
  changes: SettingsChanges,
): Settings {
  const action = `change the settings of ${title}`;
  require(isObject(changes), action, "they must be an object", changes);
  const result = { ...settings };
  for (const [part, change = {}] of Object.entries(changes)) {
    if (part !== "weights" && part !== "activations" && part !== "rotation") {
      refuse(action, "they must be of weights, activations or rotation", part);
    }
    require(isObject(change), action, `those of ${part} must be an object`, change);
    const own = settings[part];
    if (own === undefined) continue;
    const names = settingNames(method, settings, part);
    const other = Object.keys(change).find((name) => !names.includes(name));
    require(other === undefined, action, `those of ${part} are ${names.join(", ")}`, other);
    for (const [name, value] of Object.entries(change)) {
      if (name === "allocation") continue; // a list
      requireValue(value, own[name as keyof typeof own], name, action);
    }
    Object.assign(result, { [part]: { ...own, ...change } });
  }
  const { allocation } = result.weights ?? {};
  if (allocation !== undefined) requireBitsByLayer(allocation, action);
  return result;
}

/**
 * Refuses, of plain data that no compiler has seen, what is the value of no setting: comparisons would take some of
 * it for numbers.
 *
 * @param own What the setting is now, if anything.
 */
function requireValue(value: unknown, own: unknown, name: string, action: string): void {
  if (value === undefined) return;
  const isSwitch = typeof own === "boolean";
  const isKind = isSwitch === (typeof value === "boolean") || own === undefined;
  require(isKind, action, `${name} must ${isSwitch ? "be" : "not be"} true or false`, value);
  const isValue = Number.isFinite(value) || typeof value === "boolean" || isObject(value) ||
    typeof value === "string" && Number.isNaN(Number(value));
  require(isValue, action, `${name} must be a number, a word, true or false, or an object`, value);
  const isPart = isObject(own) || !isObject(value) || own === undefined;
  require(isPart, action, `${name} must be a number or a word`, value);
}

/** `INT4` for 4 bits, `FP16` where nothing is quantized. */
export function bitsLabel({ weights, activations }: MethodSettings): BitsLabel {
  const name = (part?: { bits: number }) => part ? `INT${part.bits}` : "FP16";
  return { weight: name(weights), activation: name(activations) };
}
