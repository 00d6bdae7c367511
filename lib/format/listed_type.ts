import { require } from "../core/mod.ts";
import type { NumberType } from "./number_type.ts";

/**
 * Any numbers: codes are their places. What lies in the middle between two is rounded to the lower.
 *
 * @param values Ascending, 4 to 256, a power of two of them.
 * @throws {InputError} If there are not as many, or they do not ascend.
 */
export function listedType(name: string, values: readonly number[]): NumberType {
  const action = `make the format ${name}`;
  const bits = Math.log2(values.length);
  const isPower = Number.isInteger(bits) && bits >= 2 && bits <= 8;
  require(isPower, action, "it must have 4, 8, 16, .. or 256 values", values.length);
  const ascends = values.every((value, i) => i === 0 || value > values[i - 1]);
  require(ascends, action, "its values must ascend", values);
  const middles = Float64Array.from(values.slice(1), (value, i) => (values[i] + value) / 2);
  return {
    ...{ name, bits, values: Float32Array.from(values) },
    max: Math.max(-values[0], values.at(-1)!),
    encode(value) {
      let code = 0;
      while (code < middles.length && value > middles[code]) code++;
      return code;
    },
  };
}
