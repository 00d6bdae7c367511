import { refuse, require } from "../core/mod.ts";
import { isObject } from "./json.ts";

/** How the weights of a quantized checkpoint are packed. */
export interface PackedSettings {
  readonly method: "gptq" | "awq";
  /** Of a code. */
  readonly bits: number;
  /** Inputs that share a scale; Infinity where all of a row do. */
  readonly groupSize: number;
  /** What is added to a stored zero point, modulo 2^bits: 1 in the first version of GPTQ's format. */
  readonly zeroOffset: 0 | 1;
  /** Whether inputs are in groups of any order, so that an index must name the group of each. */
  readonly actOrder: boolean;
}

/** The widths of codes in each method's checkpoints. */
export const packedWidths: Record<PackedSettings["method"], readonly number[]> = {
  gptq: [2, 3, 4, 8],
  awq: [4],
};

/** What is added to stored zero points in each version of GPTQ's format. */
const zeroOffsets = new Map<unknown, 0 | 1>([["gptq", 1], ["gptq_v2", 0]]);

/** Settings that change what the tensors mean, unless they have the value that they have where absent. */
const neutral: readonly [key: string, ...values: unknown[]][] = [
  ["dynamic"],
  ["rotation"],
  ["extra_config"],
  ["is_marlin_format", false],
  ["pack_dtype", "int32", "torch.int32"],
];

/**
 * Reads what a checkpoint says of its quantization: `quantization_config` of its config.json, or what
 * older ones have in a file of its own. GPTQ in both versions and AWQ's gemm layout are read; what
 * only matters to whoever quantizes (damping, symmetry) the tensors tell by themselves.
 *
 * @param path The file, for messages.
 * @param method Of a file that names none.
 * @throws {InputError} If it is of another method, layout or width, or has settings of single modules.
 */
export function readPackedSettings(
  value: unknown,
  path: string,
  method?: PackedSettings["method"],
): PackedSettings {
  const action = `load ${path}`;
  if (!isObject(value)) refuse(action, "its quantization must be an object", value);
  const chosen = value.quant_method ?? method;
  const isRead = chosen === "gptq" || chosen === "awq";
  require(isRead, action, "quant_method must be gptq or awq to be read here", chosen ?? null);
  for (const [key, ...values] of neutral) {
    const given = value[key] ?? null;
    const isNeutral = given === null || values.includes(given) ||
      isObject(given) && Object.keys(given).length === 0;
    const rule = ["absent", ...values.map((each) => JSON.stringify(each))].join(" or ");
    require(isNeutral, action, `${key} must be ${rule} to be read here`, given);
  }
  const bits = value.bits ?? value.w_bit;
  const allowed = packedWidths[chosen];
  const isWidth = allowed.includes(bits as number);
  require(isWidth, action, `bits of ${chosen} must be ${allowed.join(", ")}`, bits ?? null);
  const size = value.group_size ?? value.q_group_size;
  const isSize = Number.isSafeInteger(size) && (size === -1 || size as number > 0);
  require(isSize, action, "group_size must be a positive integer or -1", size ?? null);
  return {
    method: chosen,
    bits: bits as number,
    groupSize: size === -1 ? Infinity : size as number,
    zeroOffset: chosen === "gptq" ? gptqOffset(value, action) : awqOffset(value, action),
    actOrder: chosen === "gptq" && value.desc_act === true,
  };
}

function gptqOffset(value: Record<string, unknown>, action: string): 0 | 1 {
  const format = value.checkpoint_format ?? value.format ?? "gptq";
  const rule = `checkpoint_format must be ${[...zeroOffsets.keys()].join(" or ")} to be read here`;
  return zeroOffsets.get(format) ?? refuse(action, rule, format);
}

function awqOffset(value: Record<string, unknown>, action: string): 0 {
  const version = value.version ?? value.format ?? value.checkpoint_format ?? "gemm";
  const isGemm = typeof version === "string" && version.toLowerCase() === "gemm";
  require(isGemm, action, "version must be gemm to be read here", version);
  const zeros = value.zero_point ?? true;
  require(zeros === true, action, "zero_point must be true to be read here", zeros);
  return 0;
}
