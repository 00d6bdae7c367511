import { require } from "../core/mod.ts";
import { readJson } from "../io/mod.ts";

/** The fields of a config.json. */
export type Config = Record<string, unknown>;

/**
 * Reads typed fields of a config.json. A field that is null counts as absent; of several names for
 * one field the first that is present counts. Its methods throw an {@linkcode InputError} that names
 * the file, the field and the value.
 */
export class ConfigReader {
  constructor(readonly config: Config, readonly path: string) {}

  /**
   * Opens a config.json.
   *
   * @throws {InputError} If the file cannot be read or holds no JSON object.
   */
  static async open(path: string): Promise<ConfigReader> {
    const config = await readJson(path);
    const isObject = typeof config === "object" && config !== null && !Array.isArray(config);
    require(isObject, `load ${path}`, "it must be a JSON object", config);
    return new ConfigReader(config as Config, path);
  }

  /** The value of a field of any type. */
  value(keys: string | string[], fallback?: unknown): unknown {
    for (const key of [keys].flat()) {
      if (this.config[key] !== undefined && this.config[key] !== null) return this.config[key];
    }
    return fallback;
  }

  /** A positive integer. */
  count(keys: string | string[], fallback?: number): number {
    const value = this.value(keys, fallback);
    this.#check(
      keys,
      Number.isInteger(value) && (value as number) > 0,
      "a positive integer",
      value,
    );
    return value as number;
  }

  /** A positive number. */
  number(keys: string | string[], fallback?: number): number {
    const value = this.value(keys, fallback);
    this.#check(keys, Number.isFinite(value) && (value as number) > 0, "a positive number", value);
    return value as number;
  }

  /** The width of one head where the heads share the hidden size. */
  headDim(hiddenSize: number, heads: number): number {
    const rule = `a divisor of the hidden size ${hiddenSize}`;
    this.#check("num_attention_heads", hiddenSize % heads === 0, rule, heads);
    return hiddenSize / heads;
  }

  /** True or false. */
  flag(key: string, fallback: boolean): boolean {
    const value = this.value(key, fallback);
    this.#check(key, typeof value === "boolean", "true or false", value);
    return value as boolean;
  }

  /** A token id, or null where the configuration names none. */
  token(key: string): number | null {
    const value = this.value(key, null);
    const isToken = Number.isInteger(value) && (value as number) >= 0;
    this.#check(key, value === null || isToken, "a token id", value);
    return value as number | null;
  }

  /** Refuses the model unless the field, `supported` if absent, has the one value computed here. */
  only(key: string, supported: unknown): void {
    const value = this.value(key, supported);
    this.#check(key, value === supported, JSON.stringify(supported), value);
  }

  #check(keys: string | string[], holds: boolean, rule: string, value: unknown): void {
    const field = [keys].flat()[0];
    require(holds, `load ${this.path}`, `${field} must be ${rule}`, value ?? null);
  }
}
