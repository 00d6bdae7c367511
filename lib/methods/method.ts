import type { Architecture } from "../model/mod.ts";
import type { BitAllocation } from "./allocated.ts";
import type { SiteAllocation } from "./allocated_sites.ts";
import type { MapCounts, NotCounted } from "./map_counts.ts";
import type { Pass } from "./pass.ts";

/** Settings of a method: plain data. */
export interface MethodSettings {
  /**
   * Of the weights of linear maps; they stay as they are without. With an allocation each has bits of its own,
   * in place of `bits`.
   */
  weights?: { bits: number; allocation?: BitAllocation };
  /** Of values at sites; these stay floats without. With an allocation each site has bits of its own. */
  activations?: { bits: number; allocation?: SiteAllocation };
  /** Of a rotation before either. */
  rotation?: RotationSettings;
}

/** How a rotation is drawn. */
export interface RotationSettings {
  /** Of the signs of Q = diag(signs) H, an integer in 0..2^32-1. */
  seed: number;
}

/** What may have bits of its own: each linear map, or each site. */
export type AllocatedPart = "weights" | "activations";

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
   * The bits that each linear map may have by itself, where the method quantizes each map by nothing but what it
   * reads and what it is, and those that the values at each site may have; all have the same without. The setting
   * `allocation` of weights and of activations says which has which.
   */
  allocates?: { readonly [Part in AllocatedPart]?: readonly number[] };
  /**
   * The settings of activations with which all sites that may have bits of their own have so many, where more
   * than `bits` says it.
   */
  siteBits?(bits: number): Partial<NonNullable<Settings["activations"]>>;
  /** What tables print, where nothing has bits of its own; {@linkcode bitsLabel} unless given. */
  label?(settings: Settings): BitsLabel;
  /**
   * Bits of the codes that linear maps read, on average over their inputs; those of the settings unless given.
   *
   * @param allocation Where sites have bits of their own.
   */
  activationBits?(
    settings: Settings,
    architecture: Architecture,
    allocation?: SiteAllocation,
  ): number;
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
  /**
   * The bits that a linear map, and a site, may have by itself; none where all must have the same, or stay as
   * they are.
   */
  readonly allocates: { readonly [Part in AllocatedPart]: readonly number[] };
  passes(architecture: Architecture): Pass[];
  /**
   * Refuses allocations among the settings that do not say the bits of every linear map, or site, of an
   * architecture; so do the passes.
   *
   * @param action What was attempted, e.g. `quantize with RTN`.
   */
  requireAllocations(architecture: Architecture, action: string): void;
  /** The method with the same bits for all that may have bits of their own. */
  withSame(part: AllocatedPart, bits: number): ConfiguredMethod;
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

/** `INT4` for 4 bits, `FP16` where nothing is quantized. */
export function bitsLabel({ weights, activations }: MethodSettings): BitsLabel {
  const name = (part?: { bits: number }) => part ? `INT${part.bits}` : "FP16";
  return { weight: name(weights), activation: name(activations) };
}
