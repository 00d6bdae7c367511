import { require } from "../core/mod.ts";
import type { AffineMatrix } from "../format/mod.ts";
import { wordBits } from "./gptq_layout.ts";
import { type PackedSettings, packedWidths } from "./packed_settings.ts";
import { packRows, transposed } from "./packed_words.ts";
import type { TensorToWrite } from "./safetensors_writer.ts";

/**
 * A linear map as checkpoints of GPTQ hold it: `qweight`, `qzeros`, `scales` and `g_idx`, as
 * `gptqLayout` reads them.
 *
 * @param prefix What their names begin with.
 * @param settings What the checkpoint says of itself.
 * @throws {InputError} If the format cannot hold the map: it has codes of 2, 3, 4 or 8 bits, integer zero
 *   points (from 1 up in the first version), scales of F16, and rows and columns in multiples of 32, which
 *   the programs that read it demand.
 */
export function gptqTensors(
  prefix: string,
  matrix: AffineMatrix,
  { bits, zeroOffset }: Pick<PackedSettings, "bits" | "zeroOffset">,
): TensorToWrite[] {
  const { rows, columns, groups, scale, groupIndex } = matrix;
  const action = `write ${prefix}qweight`;
  const zeroPoint = matrix.zeroPoints();
  const widths = packedWidths.gptq;
  require(widths.includes(matrix.bits), action, `bits must be ${widths.join(", ")}`, matrix.bits);
  require(matrix.bits === bits, action, `its codes must have ${bits} bits`, matrix.bits);
  const isWhole = rows % wordBits === 0 && columns % wordBits === 0;
  const multiples = `rows and columns must be multiples of ${wordBits}`;
  require(isWhole, action, multiples, [rows, columns]);
  require(zeroPoint instanceof Uint8Array, action, "its zero points must be codes");
  const small = zeroPoint.find((zero) => zero < zeroOffset);
  require(
    small === undefined,
    action,
    "zero points must be 1 or more, or the format gptq_v2",
    small,
  );
  const other = scale.find((each) => Math.f16round(each) !== each);
  require(other === undefined, action, "scales must be F16", other);
  const zeros = transposed(zeroPoint, rows, groups).map((zero) => zero - zeroOffset);
  const words = packRows(matrix.readCodes(), rows, bits);
  const wordsOfRow = words.length / rows;
  const zeroWords = packRows(zeros, groups, bits);
  const I32 = { dtype: "I32" } as const;
  return [
    {
      name: `${prefix}qweight`,
      ...I32,
      shape: [wordsOfRow, rows],
      data: transposed(words, rows, wordsOfRow),
    },
    {
      name: `${prefix}qzeros`,
      ...I32,
      shape: [groups, zeroWords.length / groups],
      data: zeroWords,
    },
    {
      name: `${prefix}scales`,
      dtype: "F16",
      shape: [groups, rows],
      data: transposed(scale, rows, groups),
    },
    { name: `${prefix}g_idx`, ...I32, shape: [columns], data: groupIndex },
  ];
}
