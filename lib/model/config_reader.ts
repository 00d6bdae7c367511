import { require } from "../core/mod.ts";
import { isObject, readJson } from "../io/mod.ts";

/** The fields of a config.json. */
export type Config = Record<string, unknown>;

/**
 * Reads typed fields of a config.json. A field may have several names; where more than one is given,
 * they must agree. Its methods throw an {@linkcode InputError} that names the file, the field and the
 * value.
 */
export class ConfigReader {
  /**
   * @param field What errors put in front of names: the field that the configuration is, if it is one.
   */
  constructor(readonly config: Config, readonly path: string, readonly field = "") {}

  /**
   * Opens a config.json.
   *
   * @throws {InputError} If the file cannot be read or holds no JSON object.
   */
  static async open(path: string): Promise<ConfigReader> {
    const config = await readJson(path);
    require(isObject(config), `load ${path}`, "it must be a JSON object", config);
    return new ConfigReader(config, path);
  }

  /** The object that is a field; empty where it is absent. */
  within(key: string): ConfigReader {
    const value = this.value(key, {});
    this.check(key, isObject(value), "a JSON object", value);
    return new ConfigReader(value as Config, this.path, `${this.field}${key}.`);
  }

  /** The value of a field of any type; null counts as absent. */
  value(keys: string | string[], fallback?: unknown): unknown {
    const given = [keys].flat().filter((key) => (this.config[key] ?? null) !== null);
    if (given.length === 0) return fallback;
    const [first, ...others] = given;
    const value = this.config[first];
    for (const other of others) {
      const agrees = this.config[other] === value;
      this.check(other, agrees, `equal to ${first}, ${JSON.stringify(value)}`, this.config[other]);
    }
    return value;
  }

  /** A positive integer. */
  count(keys: string | string[], fallback?: number): number {
    const value = this.#stated(keys, fallback);
    const isCount = Number.isSafeInteger(value) && (value as number) > 0;
    this.check(keys, isCount, "a positive integer", value);
    return value as number;
  }

  /** A positive integer, or undefined where the field is absent or null. */
  optionalCount(key: string): number | undefined {
    return this.value(key) === undefined ? undefined : this.count(key);
  }

  /** A positive integer, or null where the field is null. */
  countOrNull(key: string, fallback: number): number | null {
    return this.config[key] === null ? null : this.count(key, fallback);
  }

  /** A positive number. */
  number(keys: string | string[], fallback?: number): number {
    const value = this.#stated(keys, fallback);
    this.check(keys, Number.isFinite(value) && (value as number) > 0, "a positive number", value);
    return value as number;
  }

  /** The width of one head where the heads share the hidden size. */
  headDim(hiddenSize: number, heads: number): number {
    const rule = `a divisor of the hidden size ${hiddenSize}`;
    this.check("num_attention_heads", hiddenSize % heads === 0, rule, heads);
    return hiddenSize / heads;
  }

  /** True or false. */
  flag(key: string, fallback: boolean): boolean {
    const value = this.#stated(key, fallback);
    this.check(key, typeof value === "boolean", "true or false", value);
    return value as boolean;
  }

  /** A token id, or null where the configuration names none. */
  token(key: string): number | null {
    const value = this.value(key, null);
    const isToken = Number.isSafeInteger(value) && (value as number) >= 0;
    this.check(key, value === null || isToken, "a token id", value);
    return value as number | null;
  }

  /** One of several words. */
  oneOf<Word extends string>(
    keys: string | string[],
    words: readonly Word[],
    fallback: Word,
  ): Word {
    const value = this.value(keys, fallback);
    this.check(keys, words.includes(value as Word), `${listed(words)} to be computed here`, value);
    return value as Word;
  }

  /** Refuses the model if there is a field of any other name that is not null. */
  noOthers(keys: readonly string[]): void {
    for (const [key, value] of Object.entries(this.config)) {
      this.check(key, keys.includes(key) || value === null, "absent to be computed here", value);
    }
  }

  /** Refuses the model unless the field is absent or has a value that is computed here. */
  only(key: string, ...supported: unknown[]): void {
    const { [key]: value = supported[0] } = this.config;
    this.check(key, supported.includes(value), `${listed(supported)} to be computed here`, value);
  }

  /** As {@linkcode value}, of a field that may be absent but not null. */
  #stated(keys: string | string[], fallback: unknown): unknown {
    const isNull = [keys].flat().some((key) => this.config[key] === null);
    return this.value(keys, isNull ? null : fallback);
  }

  /** Refuses the model unless something holds of a field. */
  check(keys: string | string[], holds: boolean, rule: string, value: unknown): void {
    const field = this.field + [keys].flat()[0];
    require(holds, `load ${this.path}`, `${field} must be ${rule}`, value ?? null);
  }
}

function listed(values: readonly unknown[]): string {
  return values.map((each) => JSON.stringify(each)).join(" or ");
}
