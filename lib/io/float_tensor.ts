import { require } from "../core/mod.ts";
import { type FloatMatrix, floatMatrix } from "../format/mod.ts";
import { isFloat } from "./dtypes.ts";
import type { TensorValues } from "./weight_file.ts";

/**
 * A tensor of floats as a matrix in its own type; float64 is rounded to float32.
 *
 * @returns `[all dimensions but the last, the last]`; a vector is one row.
 * @throws {InputError} If the tensor does not hold floats, or is a scalar or empty.
 */
export function floatTensor({ dtype, shape, data }: TensorValues, action: string): FloatMatrix {
  require(
    isFloat(dtype),
    action,
    "dtype must be F32, F16, BF16 or F64 to be read as floats",
    dtype,
  );
  const columns = shape.at(-1) ?? 0;
  require(data.length > 0 && columns > 0, action, "it must have elements along a dimension", shape);
  const rows = data.length / columns;
  if (data instanceof Float64Array) {
    return floatMatrix("F32", Float32Array.from(data), rows, columns);
  }
  return floatMatrix(dtype as FloatMatrix["dtype"], data as FloatMatrix["data"], rows, columns);
}
