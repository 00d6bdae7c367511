import type { AgileBackend, KernelCall } from "../agile.ts";
import { type Part, split } from "../split.ts";
import type { tf } from "../tf.ts";
import { withCopies } from "./scratch_copies.ts";

/** A tile of logits: two of them fit a thread's workspace, and a core's cache. */
const [tileRows, tileColumns] = [192, 512];

/** Numbers that the kernel writes of a row of a tile, and which they are. */
const recordLength = 4;
const [largest, sum, best, weighted] = [0, 1, 2, 3];

/** A head's operands by their addresses, and where the kernel writes. */
interface Head {
  x: number;
  weight: number;
  /** 0 for none. */
  bias: number;
  depth: number;
  /** Logits of the targets, float32 `[rows]`. */
  chosen: number;
  /** Float64 `[tiles, rows, recordLength]`. */
  records: number;
}

/** Computes what `scoreTokens` gives, in its order. */
export function computeScores({ inputs, attrs, backend }: KernelCall): tf.TensorInfo[] {
  const { x, weight, bias, referenceX, referenceWeight, referenceBias } = inputs;
  const operands = [[x, weight, bias]];
  if (referenceX) operands.push([referenceX, referenceWeight, referenceBias]);
  const { targets } = attrs as { targets: Int32Array };
  const rows = targets.length;
  const tiles = split(weight.shape[0], tileColumns, weight.shape[0]);
  const length = recordLength * rows * tiles.length;
  return withCopies(
    backend,
    [targets],
    (copied) =>
      backend.scratch(operands.flatMap(() => [4 * rows, 8 * length]), (...addresses) => {
        const heads = operands.map(([x, weight, bias], index): Head => ({
          ...{ x: backend.addressOf(x), weight: backend.addressOf(weight), depth: x.shape[1] },
          bias: bias ? backend.addressOf(bias) : 0,
          ...{ chosen: addresses[2 * index], records: addresses[2 * index + 1] },
        }));
        scoreTiles(backend, heads, copied, rows, tiles);
        const [own, reference] = heads.map(({ chosen, records }) =>
          distributions(
            backend.view(Float32Array, chosen, rows),
            backend.view(Float64Array, records, length),
          )
        );
        const scores = reference
          ? [own.loss, reference.loss, divergences(reference, own), agreements(reference, own)]
          : [own.loss];
        return scores.map((values) => {
          const { tensor } = backend.output([rows]);
          backend.floats(tensor).set(values);
          return tensor;
        });
      }),
  );
}

/** Runs the kernel on all tiles of one head, or of two. */
function scoreTiles(
  backend: AgileBackend,
  heads: readonly Head[],
  targets: number,
  rows: number,
  tiles: readonly Part[],
): void {
  const native = Number(backend.matrixProduct.native);
  const parts = split(rows, tileRows, rows);
  const calls = tiles.flatMap(([first, columns], tile) =>
    parts.map(([row, count]) => {
      const operands = heads.flatMap(({ x, weight, bias, depth, chosen, records }) => [
        ...[x + 4 * depth * row, weight + 4 * depth * first, bias && bias + 4 * first, depth],
        ...[chosen + 4 * row, records + 8 * recordLength * (tile * rows + row)],
      ]);
      const missing = heads.length === 1 ? operands.map(() => 0) : [];
      return [count, first, columns, native, targets + 4 * row, ...operands, ...missing];
    })
  );
  backend.run("scoreTile", calls);
}

/** What is known of the rows of a head. */
interface Distributions {
  /** Of each tile and row. */
  records: Float64Array;
  /** Of each row, of all its tiles: its largest logit, who has it first and the sum of e^(logit - largest). */
  rows: { largest: number; best: number; sum: number }[];
  /** The cross-entropy of each target. */
  loss: Float32Array;
}

/** Joins tiles. */
function distributions(chosen: Float32Array, records: Float64Array): Distributions {
  const step = recordLength * chosen.length;
  const loss = new Float32Array(chosen.length);
  const rows = Array.from(chosen, (logit, row) => {
    const joined = { largest: -Infinity, best: 0, sum: 0 };
    for (let at = recordLength * row; at < records.length; at += step) {
      if (records[at + largest] <= joined.largest) continue;
      joined.largest = records[at + largest];
      joined.best = records[at + best];
    }
    for (let at = recordLength * row; at < records.length; at += step) {
      joined.sum += Math.exp(records[at + largest] - joined.largest) * records[at + sum];
    }
    loss[row] = joined.largest + Math.log(joined.sum) - logit;
    return joined;
  });
  return { records, rows, loss };
}

/** KL(reference || other) of each row, from the sums over e^(p - P) ((p - P) - (q - Q)) of its tiles. */
function divergences(reference: Distributions, other: Distributions): Float32Array {
  const step = recordLength * reference.rows.length;
  return Float32Array.from(reference.rows, (p, row) => {
    const q = other.rows[row];
    let total = 0;
    for (let at = recordLength * row; at < reference.records.length; at += step) {
      const below = reference.records[at + largest] - p.largest;
      const shift = below - (other.records[at + largest] - q.largest);
      const { [at + sum]: powers, [at + weighted]: own } = reference.records;
      total += Math.exp(below) * (own + powers * shift);
    }
    // Rounding can leave a tiny negative value.
    return Math.max(0, total / p.sum - Math.log(p.sum) + Math.log(q.sum));
  });
}

function agreements(reference: Distributions, other: Distributions): Float32Array {
  return Float32Array.from(reference.rows, (p, row) => p.best === other.rows[row].best ? 1 : 0);
}
