import { require } from "../core/mod.ts";
import { encoderOf, type GroupScales, type NumberType } from "../format/mod.ts";
import { requireChoice, requireFinite, requireLayout } from "./checks.ts";
import { exponentRoundings, groupScales, type ScaleOptions, scaleRules } from "./scale_rules.ts";
import { scaleDtypes } from "./weight_grid.ts";

/** How numbers of few bits are scaled. */
export interface TypedOptions extends ScaleOptions {
  /** Columns of one row that share a scale, or the whole row; the last group may be shorter. */
  groupSize: number | "row";
}

/** Codes of a number type, and the scales of their rows and groups. */
export interface TypedQuantized {
  /** `[rows, columns]` */
  codes: Uint8Array;
  /** Columns. */
  groupSize: number;
  /** `[rows, groups]` */
  scales: GroupScales;
}

/**
 * Rounds `x / scale` to the nearest values of a number type, group by group; division in float32.
 *
 * @param x `[rows, columns]`.
 * @param name What errors call the tensor.
 * @throws {InputError} If `x` is empty, not finite or no whole number of rows, a scale is beyond its type, or a
 *   setting is none of its values.
 */
export function quantizeTyped(
  x: Float32Array,
  columns: number,
  type: NumberType,
  options: TypedOptions,
  name = "tensor",
): TypedQuantized {
  const { scales: rule, exponents = "ceil", scaleDtype = "F32" } = options;
  requireChoice(rule, scaleRules, "scales", name);
  requireChoice(exponents, exponentRoundings, "exponents", name);
  requireChoice(scaleDtype, scaleDtypes, "scaleDtype", name);
  const action = `quantize ${name}`;
  const isSize = options.groupSize === "row" ||
    (Number.isInteger(options.groupSize) && options.groupSize > 0);
  const sizes = 'groupSize must be a positive integer or "row"';
  require(isSize, action, sizes, options.groupSize);
  require(x.length > 0, action, "it must hold at least one element", x.length);
  requireLayout(x.length, { channels: columns, inner: 1 }, name);
  requireFinite(x, name);
  const groupSize = options.groupSize === "row" ? columns : options.groupSize;
  const groups = Math.ceil(columns / groupSize);
  const rows = x.length / columns;
  const reached = new Float32Array(rows * groups);
  eachGroup(rows, columns, groupSize, (group, start, end) => {
    let largest = 0;
    for (let i = start; i < end; i++) largest = Math.max(largest, Math.abs(x[i]));
    reached[group] = largest;
  });
  const range = { max: type.max, maxExponent: Math.floor(Math.log2(type.max)) };
  const scales = groupScales(reached, groups, range, options, name);
  const scale = scales.decode(0, rows, groups);
  const codes = new Uint8Array(x.length);
  const encode = encoderOf(type);
  const ratios = new Float32Array(columns); // of a row
  eachGroup(rows, columns, groupSize, (group, start, end) => {
    const step = scale[group] || 2 ** -149; // of powers that float32 does not have
    const row = start - start % columns;
    for (let i = start; i < end; i++) ratios[i - row] = x[i] / step;
    if (end === row + columns) encode(ratios, codes.subarray(row, end));
  });
  return { codes, groupSize, scales };
}

/** `value * scale` in float32, `[rows, columns]`. */
export function dequantizeTyped(
  { codes, groupSize, scales }: TypedQuantized,
  columns: number,
  { values }: Pick<NumberType, "values">,
): Float32Array {
  const rows = codes.length / columns;
  const scale = scales.decode(0, rows, Math.ceil(columns / groupSize));
  const x = new Float32Array(codes.length);
  eachGroup(rows, columns, groupSize, (group, start, end) => {
    const step = scale[group];
    for (let i = start; i < end; i++) x[i] = values[codes[i]] * step;
  });
  return x;
}

/** Calls `visit` with every group, by its place in `[rows, groups]`, and where it starts and ends in the tensor. */
export function eachGroup(
  rows: number,
  columns: number,
  groupSize: number,
  visit: (group: number, start: number, end: number) => void,
): void {
  for (let row = 0, group = 0; row < rows; row++) {
    const end = (row + 1) * columns;
    for (let start = row * columns; start < end; start += groupSize) {
      visit(group++, start, Math.min(start + groupSize, end));
    }
  }
}

/** The one scale of a tensor for {@linkcode roundTyped}: its largest magnitude becomes the type's greatest value. */
export function tensorScale(largest: number, { max }: Pick<NumberType, "max">): number {
  return Math.max(Math.fround(largest / max), 2 ** -149);
}

/** The codes of `x / scale`, in float32; beyond the outermost value its own. */
export function encodeTyped(x: Float32Array, type: NumberType, scale: number): Uint8Array {
  const ratios = new Float32Array(x.length);
  for (let i = 0; i < x.length; i++) ratios[i] = x[i] / scale;
  const codes = new Uint8Array(x.length);
  encoderOf(type)(ratios, codes);
  return codes;
}

/** `scale` times the values next to `x / scale`, as {@linkcode encodeTyped} finds them, in float32. */
export function roundTyped(x: Float32Array, type: NumberType, scale: number): Float32Array {
  const { values } = type;
  const codes = encodeTyped(x, type, scale);
  const rounded = new Float32Array(x.length);
  for (let i = 0; i < x.length; i++) rounded[i] = values[codes[i]] * scale;
  return rounded;
}
