import { refuse, require } from "../core/mod.ts";
import { isObject } from "../io/mod.ts";
import type { Architecture } from "../model/mod.ts";
import { floatBits, schemeBits } from "./activation_bits.ts";
import {
  allocatedBits,
  allocatedPasses,
  linearMapsOf,
  requireAllocation,
  requireBitsByLayer,
} from "./allocated.ts";
import { allocatableSites, allocatedSitePasses } from "./allocated_sites.ts";
import { floatCounts, type MapCounts, type NotCounted } from "./map_counts.ts";
import {
  type AllocatedPart,
  type BitsLabel,
  bitsLabel,
  type ConfiguredMethod,
  type Method,
  type MethodSettings,
  type SettingsChanges,
} from "./method.ts";
import type { Pass } from "./pass.ts";

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
    allocates: {
      weights: settings.weights && method.allocates?.weights || [],
      activations: settings.activations && method.allocates?.activations || [],
    },
    passes: (architecture) => passesOf(title, method, settings, architecture),
    requireAllocations: (architecture, action) =>
      requireAllocations(method, settings, architecture, action),
    withSame: (part, bits) => configure(title, method, withSame(method, settings, part, bits)),
    activationBits: (architecture) => activationBitsOf(method, settings, architecture),
    counts: () => countsOf(method, settings),
    with: (changes) => configure(title, method, changed(title, method, settings, changes)),
    takes: (part, setting) => settingNames(method, settings, part).includes(setting),
  };
}

/** The settings without an allocation: with so many bits for all linear maps, or all sites. */
function withSame<Settings extends MethodSettings>(
  method: Method<Settings>,
  settings: Settings,
  part: AllocatedPart,
  bits: number,
): Settings {
  const { allocation: _, ...own } = settings[part]!;
  const changes = part === "activations" ? method.siteBits?.(bits) : undefined;
  return { ...settings, [part]: { ...own, bits, ...changes } };
}

function passesOf<Settings extends MethodSettings>(
  title: string,
  method: Method<Settings>,
  settings: Settings,
  architecture: Architecture,
): Pass[] {
  requireAllocations(method, settings, architecture, `quantize with ${title}`);
  const withSites = (own: Settings): Pass[] => {
    const { allocation } = own.activations ?? {};
    return allocation
      ? allocatedSitePasses(
        allocation,
        (bits) => method.passes(withSame(method, own, "activations", bits), architecture),
      )
      : method.passes(own, architecture);
  };
  const { allocation } = settings.weights ?? {};
  return allocation
    ? allocatedPasses(allocation, (bits) => withSites(withSame(method, settings, "weights", bits)))
    : withSites(settings);
}

function requireAllocations<Settings extends MethodSettings>(
  method: Method<Settings>,
  settings: Settings,
  architecture: Architecture,
  action: string,
): void {
  const { weights, activations } = settings;
  const { layers } = architecture;
  if (weights?.allocation) {
    const names = linearMapsOf(architecture);
    const choices = method.allocates?.weights ?? [];
    const maps = { what: "linear maps", names, layers, choices };
    requireAllocation(weights.allocation, maps, action);
  }
  if (activations?.allocation) {
    const choices = method.allocates?.activations ?? [];
    const same = withSame(method, settings, "activations", choices[0]);
    const names = allocatableSites(method.passes(same, architecture));
    requireAllocation(activations.allocation, { what: "sites", names, layers, choices }, action);
  }
}

function activationBitsOf<Settings extends MethodSettings>(
  { activationBits }: Method<Settings>,
  settings: Settings,
  architecture: Architecture,
): number {
  const { bits = floatBits, allocation } = settings.activations ?? {};
  return activationBits?.(settings, architecture, allocation) ??
    (allocation ? schemeBits({ sites: {} }, architecture, allocation) : bits);
}

function countsOf<Settings extends MethodSettings>(
  method: Method<Settings>,
  settings: Settings,
): MapCounts | NotCounted {
  for (const [part, what] of [["weights", "linear maps"], ["activations", "sites"]] as const) {
    if (settings[part]?.allocation && method.counts) {
      return { reason: `its ${what} have bits of their own` };
    }
  }
  return method.counts?.(settings) ??
    (settings.activations ? { reason: "its operations are not counted" } : floatCounts);
}

/** What tables print: `INT2-6 mixed` where linear maps, or sites, have from two to six bits. */
function labelOf<Settings extends MethodSettings>(
  method: Method<Settings>,
  settings: Settings,
): BitsLabel {
  const { label = bitsLabel } = method;
  const named = { weight: "weights", activation: "activations" } as const;
  const parts = Object.entries(named).map(([name, part]) => {
    const { allocation } = settings[part] ?? {};
    const own = (bits: number) => label(withSame(method, settings, part, bits));
    const [fewest, ...more] = allocation ? allocatedBits(allocation) : [];
    const shown = fewest === undefined ? label(settings) : own(fewest);
    const text = shown[name as keyof BitsLabel];
    return [name, more.length > 0 ? `${text}-${more.at(-1)} mixed` : text];
  });
  return Object.fromEntries(parts);
}

/** The settings of a part that a method has or may have; none of what it does not quantize. */
function settingNames<Settings extends MethodSettings>(
  { optional, allocates }: Method<Settings>,
  settings: Settings,
  part: keyof MethodSettings,
): string[] {
  const own = settings[part];
  if (own === undefined) return [];
  const allocated = part !== "rotation" && allocates?.[part] ? ["allocation"] : [];
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
  for (const { allocation } of [result.weights ?? {}, result.activations ?? {}]) {
    if (allocation !== undefined) requireBitsByLayer(allocation, action);
  }
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
  const isQuoted = typeof value === "string" && !Number.isNaN(Number(value));
  require(!isQuoted, action, `${name} must be a number without quotes, or a word`, value);
  const isValue = Number.isFinite(value) || typeof value === "boolean" || isObject(value) ||
    typeof value === "string";
  require(isValue, action, `${name} must be a number, a word, true or false, or an object`, value);
  const isPart = isObject(own) || !isObject(value) || own === undefined;
  require(isPart, action, `${name} must be a number or a word`, value);
}
