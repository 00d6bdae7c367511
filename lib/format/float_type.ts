import { require } from "../core/mod.ts";
import type { NumberType } from "./number_type.ts";

/** How a floating-point number of few bits is made of a sign, an exponent and a mantissa. */
export interface FloatFormat {
  /** With the sign, 4..8. */
  bits: number;
  /** 1..bits-1; the mantissa has the others. */
  exponentBits: number;
  /** What is subtracted from the exponent; 2^(exponentBits-1)-1 unless given. */
  bias?: number;
  /**
   * What the codes of the greatest exponent stand for: infinities and NaN as in IEEE 754, NaN where the mantissa
   * has all bits set, too, or finite numbers throughout. Unless given as hardware has it: `ieee` in E5M2,
   * `nan` in E4M3 and `finite` in all others (OCP 8-bit Floating Point, OCP Microscaling).
   */
  specials?: FloatSpecials;
}

/** What the greatest exponent is kept for. */
export const floatSpecials = ["ieee", "nan", "finite"] as const;

export type FloatSpecials = typeof floatSpecials[number];

/** A floating-point format of few bits, and how numbers are rounded to it. */
export interface FloatType extends NumberType {
  /** Of the greatest finite value: floor(log2(max)). */
  readonly maxExponent: number;
  /**
   * The code of the nearest value, ties to even. NaN is that of the format, and where it has none, -0.
   *
   * @param value float32.
   * @param saturating Whether what lies beyond the greatest finite value gets its code, as it does unless
   *   told, or infinity's; NaN's where there is no infinity. Formats without either saturate.
   */
  encode(value: number, saturating?: boolean): number;
}

/**
 * A floating-point format by the bits that it has: every split of 4 to 8 bits.
 *
 * @throws {InputError} If it has no such bits, its values are not float32's, or there is no room for specials.
 */
export function floatType(format: FloatFormat): FloatType {
  const { bits, exponentBits, mantissaBits, bias, specials } = checked(format);
  const signBit = 2 ** (bits - 1);
  const reserved = { ieee: 2 ** mantissaBits, nan: 1, finite: 0 }[specials];
  const maxCode = signBit - reserved - 1;
  const minExponent = 1 - bias;
  const values = Float32Array.from({ length: 2 ** bits }, (_, code) => {
    const sign = code >= signBit ? -1 : 1;
    const magnitude = code % signBit;
    if (magnitude > maxCode) {
      return specials === "ieee" && magnitude === maxCode + 1 ? sign * Infinity : NaN;
    }
    const field = magnitude >> mantissaBits;
    const fraction = magnitude % 2 ** mantissaBits / 2 ** mantissaBits;
    return field === 0
      ? sign * fraction * 2 ** minExponent
      : sign * (1 + fraction) * 2 ** (field - bias);
  });
  const max = values[maxCode];
  const maxExponent = Math.floor(Math.log2(max));
  const steps = Float64Array.from(
    { length: maxExponent - minExponent + 1 },
    (_, i) => 2 ** (mantissaBits - minExponent - i),
  );
  const beyond = specials === "finite" ? maxCode : maxCode + 1;
  const nan = specials === "finite" ? signBit : signBit - 1 - (specials === "ieee" ? 1 : 0);

  function encode(value: number, saturating = true): number {
    single[0] = value;
    const pattern = bitsOf[0];
    const field = pattern >>> 23 & 255;
    if (field === 255 && (pattern & 0x7fffff) !== 0) return nan;
    const sign = pattern < 0 ? signBit : 0;
    const place = Math.max(field - 127 - minExponent, 0);
    const largest = saturating ? maxCode : beyond;
    if (place >= steps.length) return sign + largest;
    const code = nearest((place << mantissaBits) + Math.abs(value) * steps[place]);
    return sign + (code > maxCode ? largest : code);
  }
  return { name: `E${exponentBits}M${mantissaBits}`, bits, values, max, maxExponent, encode };
}

const single = new Float32Array(1);
const bitsOf = new Int32Array(single.buffer);

/** The nearest integer, ties to even, of a value from 0 to 2^51. */
function nearest(value: number): number {
  const magic = 2 ** 52;
  return (value + magic) - magic;
}

function checked({ bits, exponentBits, bias, specials }: FloatFormat) {
  const action = "make a floating-point format";
  const isWidth = Number.isInteger(bits) && bits >= 4 && bits <= 8;
  require(isWidth, action, "bits must be an integer in 4..8", bits);
  const fits = Number.isInteger(exponentBits) && exponentBits >= 1 && exponentBits < bits;
  require(fits, action, `exponentBits must be an integer in 1..${bits - 1}`, exponentBits);
  const mantissaBits = bits - 1 - exponentBits;
  const usual = { 2: "ieee", 3: "nan" } as const;
  const isEightBit = bits === 8 && (mantissaBits === 2 || mantissaBits === 3);
  const top = specials ?? (isEightBit ? usual[mantissaBits] : "finite");
  require(
    floatSpecials.includes(top),
    action,
    `specials must be ${floatSpecials.join(" or ")}`,
    top,
  );
  const hasRoom = top === "finite" || (mantissaBits > 0 && (top === "nan" || exponentBits > 1));
  require(hasRoom, action, `E${exponentBits}M${mantissaBits} has no room for specials`, top);
  const shift = bias ?? 2 ** (exponentBits - 1) - 1;
  const isShift = Number.isInteger(shift) && 1 - shift - mantissaBits >= -149 &&
    2 ** exponentBits - 1 - shift <= 127;
  require(isShift, action, "bias must be an integer that leaves its values in float32", shift);
  return { bits, exponentBits, mantissaBits, bias: shift, specials: top };
}
