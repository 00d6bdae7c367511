import { require } from "../core/mod.ts";
import type { Architecture, FamilyName } from "./architecture.ts";
import type { LayerModuleName, OuterModuleName } from "./weights.ts";

/** A parsed config.json. */
export type Config = Record<string, unknown>;

/** One family: how to read its configuration and how its checkpoints name their tensors. */
export interface Family {
  name: FamilyName;
  /**
   * Reads config.json.
   * @throws {InputError} If the configuration asks for something this code does not compute.
   */
  architecture(config: ConfigReader): Architecture;
  /** Writes the config.json that {@linkcode architecture} reads back. */
  config(architecture: Architecture): Config;
  names: TensorNames;
}

/** Tensor names without `.weight` and `.bias`. */
export interface TensorNames {
  /** Prefixes checkpoints of this family are found with; the first one is written. */
  prefixes: string[];
  outer: Partial<Record<OuterModuleName, string>>;
  /** What stands before the layer's number. */
  layers: string;
  inner: Partial<Record<LayerModuleName, string>>;
  /** Query, key and value in one tensor of rows `[head, {q, k, v}, headDim]` (BLOOM). */
  fusedAttention?: string;
}

/** Reads typed fields of a config.json; errors name the file, the field and its value. */
export class ConfigReader {
  constructor(readonly config: Config, readonly path: string) {}

  /** The value of the first of `keys` that is present and not null, else `fallback`. */
  value(keys: string | string[], fallback?: unknown): unknown {
    for (const key of [keys].flat()) {
      if (this.config[key] !== undefined && this.config[key] !== null) return this.config[key];
    }
    return fallback;
  }

  /** A positive integer. */
  count(keys: string | string[], fallback?: number): number {
    const value = this.value(keys, fallback);
    this.check(keys, Number.isInteger(value) && (value as number) > 0, "a positive integer", value);
    return value as number;
  }

  /** A positive number. */
  number(keys: string | string[], fallback?: number): number {
    const value = this.value(keys, fallback);
    this.check(keys, Number.isFinite(value) && (value as number) > 0, "a positive number", value);
    return value as number;
  }

  /** The width of one head where the heads share the hidden size. */
  headDim(hiddenSize: number, heads: number): number {
    this.check(
      "num_attention_heads",
      hiddenSize % heads === 0,
      `a divisor of the hidden size ${hiddenSize}`,
      heads,
    );
    return hiddenSize / heads;
  }

  /** True or false. */
  flag(keys: string | string[], fallback: boolean): boolean {
    const value = this.value(keys, fallback);
    this.check(keys, typeof value === "boolean", "true or false", value);
    return value as boolean;
  }

  /** A token id, or null where the configuration names none. */
  token(key: string): number | null {
    const value = this.value(key, null);
    this.check(key, value === null || Number.isInteger(value), "a token id", value);
    return value as number | null;
  }

  /** Refuses the model unless the field has one of the values the code computes. */
  only(keys: string | string[], supported: unknown[], fallback: unknown): void {
    const value = this.value(keys, fallback);
    const allowed = supported.map((each) => JSON.stringify(each)).join(" or ");
    this.check(keys, supported.includes(value), allowed, value);
  }

  private check(keys: string | string[], ok: boolean, rule: string, value: unknown): void {
    const field = [keys].flat()[0];
    require(ok, `load ${this.path}`, `${field} must be ${rule}`, value ?? null);
  }
}
