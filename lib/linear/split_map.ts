import { require } from "../core/mod.ts";
import { tf } from "../tensor/mod.ts";
import type { LinearMap, TokenRows } from "./linear_map.ts";

/**
 * A linear map that computes some rows in another way than the others.
 *
 * @param chosen For these rows; the map's from here on, as is the other.
 * @param others For all other rows.
 * @param rowsOf Which rows these are, of those that a map is told.
 */
export function splitMap(
  chosen: LinearMap,
  others: LinearMap,
  rowsOf: (rows: TokenRows) => Int32Array,
): LinearMap {
  return {
    byteLength: chosen.byteLength + others.byteLength,
    apply: (value, { activation, ...rows } = {}) =>
      splitRows(
        value,
        rowsOf(rows),
        (own) => chosen.apply(own, { activation }),
        (rest) => others.apply(rest, { activation }),
      ),
    [Symbol.dispose]() {
      chosen[Symbol.dispose]();
      others[Symbol.dispose]();
    },
  };
}

/**
 * The rows of a value that are computed in fewer bits.
 *
 * @throws {InputError} If the forward pass did not choose them.
 */
export function requireLower({ lower }: TokenRows): Int32Array {
  const action = "quantize tokens by importance";
  require(lower !== undefined, action, "the forward pass must score them, without a cache");
  return lower;
}

/** The rows that are the first tokens of windows; none where these came before. */
export function firstRows({ first = new Int32Array() }: TokenRows): Int32Array {
  return first;
}

/** What is done with some rows of a value, `[rows, in]` to `[rows, out]`. */
export type RowMap = (value: tf.Tensor2D) => tf.Tensor2D;

/**
 * Does one thing with some rows and another with the others, and puts the results together in the
 * order of the rows.
 *
 * @param value `[rows, channels]`.
 * @param chosen Ascending.
 */
export function splitRows(
  value: tf.Tensor2D,
  chosen: Int32Array,
  onChosen: RowMap,
  onOthers: RowMap,
): tf.Tensor2D {
  if (chosen.length === 0) return onOthers(value);
  const rows = value.shape[0];
  if (chosen.length <= few * rows) {
    return replaceRows(onOthers(value), chosen, onChosen(takeRows(value, chosen)));
  }
  const isChosen = new Set(chosen);
  const others = Int32Array.from({ length: rows }, (_, row) => row).filter((row) =>
    !isChosen.has(row)
  );
  const results = tf.concat([
    onChosen(takeRows(value, chosen)),
    onOthers(takeRows(value, others)),
  ]);
  const places = new Int32Array(rows);
  [...chosen, ...others].forEach((row, place) => places[row] = place);
  return takeRows(results, places);
}

/** Up to this share of rows it costs less to do the other thing with them as well than to take them out. */
const few = 1 / 16;

/** Rows with others in the place of some. */
function replaceRows(rows: tf.Tensor2D, places: Int32Array, others: tf.Tensor2D): tf.Tensor2D {
  const parts: tf.Tensor2D[] = [];
  let end = 0;
  const takeUntil = (place: number) => {
    if (place > end) parts.push(tf.slice(rows, [end, 0], [place - end, -1]));
  };
  places.forEach((place, index) => {
    takeUntil(place);
    parts.push(tf.slice(others, [index, 0], [1, -1]));
    end = place + 1;
  });
  takeUntil(rows.shape[0]);
  return tf.concat(parts);
}

/** Some rows of `[rows, channels]`, in the order of their indices. */
export function takeRows(value: tf.Tensor2D, rows: Int32Array): tf.Tensor2D {
  return tf.gather(value, tf.tensor1d(rows, "int32"));
}
