import { require } from "../core/mod.ts";
import type { MethodSettings } from "./method.ts";

/** Widths of codes that the format has. */
const widths = [2, 3, 4, 8];

/**
 * What a checkpoint of GPTQ says of itself (`quantization_config`), by the settings of the method that made it.
 *
 * Where grids are centred on zero it is of the first version of the format, which every program reads; else
 * of the second, since zero points of 0 occur, and the first has none.
 *
 * @throws {InputError} If the format has no such codes.
 */
export function gptqConfig(weights: NonNullable<MethodSettings["weights"]>) {
  const settings: Record<string, unknown> = { ...weights };
  const { bits, groupSize, symmetric = false, actOrder = false, percdamp } = settings;
  const action = "write a checkpoint of GPTQ";
  const rule = `bits must be ${widths.join(", ")} (--format safetensors takes all)`;
  require(widths.includes(bits as number), action, rule, bits);
  const damping = typeof percdamp === "number" && percdamp > 0 && percdamp < 1;
  return {
    bits,
    group_size: groupSize === "row" ? -1 : groupSize,
    desc_act: actOrder,
    sym: symmetric,
    ...damping && { damp_percent: percdamp },
    true_sequential: true,
    lm_head: false,
    quant_method: "gptq",
    checkpoint_format: symmetric ? "gptq" : "gptq_v2",
    pack_dtype: "int32",
  };
}
