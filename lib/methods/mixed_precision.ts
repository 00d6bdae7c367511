import { require } from "../core/mod.ts";
import { atSites, type SiteHook, siteNames } from "../model/mod.ts";
import { tf } from "../tensor/mod.ts";
import type { LowerPrecision } from "./scheme.ts";

/** What is done with some rows of a value, `[rows, in]` to `[rows, out]`. */
export type RowMap = (value: tf.Tensor2D) => tf.Tensor2D;

/**
 * A hook that sends the least important tokens of a site to one hook and the others to another.
 *
 * @throws {InputError} The hook does, if the forward pass does not choose such tokens.
 */
export function hookByImportance(
  least: SiteHook,
  others: SiteHook,
  { sites }: Pick<LowerPrecision, "sites">,
): SiteHook {
  return atSites(others.sites ?? siteNames, (value, visit) => {
    if (!(visit.site in sites)) return others(value, visit);
    return mapByImportance(
      value as tf.Tensor2D,
      lowerRows(visit.lower),
      (rows) => least(rows, visit) as tf.Tensor2D,
      (rows) => others(rows, visit) as tf.Tensor2D,
    );
  });
}

/**
 * The rows of a value that are computed in fewer bits.
 *
 * @throws {InputError} If the forward pass did not choose them.
 */
export function lowerRows(lower: Int32Array | undefined): Int32Array {
  const action = "quantize tokens by importance";
  require(lower !== undefined, action, "the forward pass must score them, without a cache");
  return lower;
}

/**
 * Does one thing with some rows and another with the others, and puts the results together in the
 * order of the rows.
 *
 * @param value `[rows, channels]`.
 * @param chosen Ascending.
 */
export function mapByImportance(
  value: tf.Tensor2D,
  chosen: Int32Array,
  onChosen: RowMap,
  onOthers: RowMap,
): tf.Tensor2D {
  if (chosen.length === 0) return onOthers(value);
  const rows = value.shape[0];
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

/** Some rows of `[rows, channels]`, in the order of their indices. */
export function takeRows(value: tf.Tensor2D, rows: Int32Array): tf.Tensor2D {
  return tf.gather(value, tf.tensor1d(rows, "int32"));
}
