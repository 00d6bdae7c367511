import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import {
  attendByMaps,
  type AttentionOptions,
  type MatrixProduct,
  tensorData,
  tf,
  tidy,
} from "../../../lib/tensor/mod.ts";
import {
  forMaps,
  joinHeads,
  splitHeads,
  takeMaps,
} from "../../../lib/tensor/ops/attention_maps.ts";
import { randomTensor } from "../compare.ts";

const tokens = 9;
const heads = 6;
const batch = 2;
const headDim = 4;
const maps = batch * heads;
const mapSize = tokens * tokens;

const plain: AttentionOptions = { heads, batch, scale: 0.5 };
const alibi: AttentionOptions = {
  ...plain,
  slopes: [0.5, 0.25, 0.125, 0.0625, 0.03125, 0.015625],
  keyPositions: Int32Array.from({ length: tokens }, (_, token) => 2 * token),
};

type Operands = [q: tf.Tensor2D, k: tf.Tensor2D, v: tf.Tensor2D];

/** Queries, keys and values where `group` query heads share a key/value head. */
function operands(group: number): Operands {
  return [heads, heads / group, heads / group].map((count, seed) =>
    randomTensor([batch * tokens, count * headDim], seed)
  ) as Operands;
}

const keep = (probabilities: tf.Tensor3D) => probabilities;

for (const [name, options] of Object.entries({ "without ALiBi": plain, "with ALiBi": alibi })) {
  for (const group of [1, 3]) {
    Deno.test(`attendByMaps() gives the same in runs of any size, groups of ${group}, ${name}`, () => {
      tidy(() => {
        const [q, k, v] = operands(group);
        const whole = attendByMaps(q, k, v, options, keep);
        for (const run of [1, 2, 5, 11, 12]) {
          const seen: [number, number[]][] = [];
          const parts = attendByMaps(q, k, v, options, (probabilities, firstMap) => {
            seen.push([firstMap, probabilities.shape]);
            return probabilities;
          }, run * mapSize);
          assertEquals(tensorData(parts), tensorData(whole));
          const firsts = Array.from({ length: Math.ceil(maps / run) }, (_, i) => i * run);
          assertEquals(
            seen,
            firsts.map((first) => [first, [Math.min(run, maps - first), tokens, tokens]]),
          );
        }
      });
    });
  }
}

Deno.test("attendByMaps() goes on with the maps that the hook returns", () => {
  tidy(() => {
    const [q, k, v] = operands(1);
    const own = tf.tile(tf.eye(tokens).expandDims(), [maps, 1, 1]) as tf.Tensor3D;
    assertEquals(tensorData(attendByMaps(q, k, v, plain, () => own)), tensorData(v));
  });
});

Deno.test("attendByMaps() multiplies keys and values by the product that it is given", () => {
  tidy(() => {
    const [q, k, v] = operands(3);
    const asked: [number[], number[], boolean][] = [];
    const product: MatrixProduct = (first, second, transposed) => {
      asked.push([first.shape, second.shape, transposed]);
      return tf.mul(tf.matMul(first, second, false, transposed), 2) as tf.Tensor3D;
    };
    const twice = attendByMaps(q, k, v, { ...alibi, product }, keep);
    const scores = { ...alibi, scale: 2 * alibi.scale };
    assertEquals(tensorData(twice), tensorData(tf.mul(attendByMaps(q, k, v, scores, keep), 2)));
    const head = [maps, tokens, headDim];
    assertEquals(asked, [[head, head, true], [[maps, tokens, tokens], head, false]]);
  });
});

Deno.test("attendByMaps() takes one map at a time where the budget is below one", () => {
  tidy(() => {
    let runs = 0;
    attendByMaps(...operands(1), plain, (probabilities) => {
      runs++;
      return probabilities;
    }, 1);
    assertEquals(runs, maps);
  });
});

Deno.test("attendByMaps() frees the maps of a run before the next one", () => {
  tidy(() => {
    const alive: number[] = [];
    attendByMaps(...operands(3), plain, (probabilities) => {
      alive.push(tf.memory().numTensors);
      return probabilities;
    }, mapSize);
    // One more tensor per finished run: its output.
    assertEquals(alive, alive.map((_, run) => alive[0] + run));
  });
});

Deno.test("splitHeads() brings the channels of each head of a window together; joinHeads() undoes it", () => {
  tidy(() => {
    const value = tf.tensor2d(Float32Array.from({ length: 2 * 3 * 2 * 2 }, (_, i) => i), [6, 4]);
    const split = splitHeads(value, 2, 2); // windows of 3 tokens, heads of 2 channels
    assertEquals(split.shape, [4, 3, 2]);
    assertEquals(
      [...tensorData(split)],
      [[0, 1, 4, 5, 8, 9], [2, 3, 6, 7, 10, 11], [12, 13, 16, 17, 20, 21], [14, 15, 18, 19, 22, 23]]
        .flat(),
    );
    assertEquals(tensorData(joinHeads(split, 2, 2)), tensorData(value));
  });
});

Deno.test("forMaps() covers every map once, in runs within the budget or of one multiple", () => {
  const size = fc.integer({ min: 1, max: 6 });
  const sizes = fc.record({ batch: size, owners: size, multiple: size, tokens: size });
  fc.assert(fc.property(sizes, fc.nat(300), ({ batch, owners, multiple, tokens }, budget) => {
    const heads = owners * multiple;
    const extents = { batch, heads, keyValueHeads: owners, headDim: 1 };
    let next = 0;
    forMaps({ ...extents, queries: tokens, keys: tokens }, (first, count) => {
      assertEquals(first, next);
      assertEquals(count % multiple, 0);
      assert(count === multiple || count * tokens ** 2 <= budget);
      next += count;
    }, { budget, multiple });
    assertEquals(next, batch * heads);
  }));
});

Deno.test("takeMaps() gives each map the matrix that its group shares", () => {
  tidy(() => {
    const owners = tf.tensor3d([10, 11, 20, 21, 30, 31], [3, 1, 2]);
    assertEquals([...tensorData(takeMaps(owners, 1, 2, 1))], [20, 21, 30, 31]);
    assertEquals([...tensorData(takeMaps(owners, 1, 3, 2))], [10, 11, 20, 21, 20, 21]);
  });
});
