import { assertEquals } from "@std/assert";
import { attendByMaps, type MapOptions } from "../../lib/model/attention_maps.ts";
import { tensorData, tf, tidy } from "../../lib/tensor/mod.ts";
import { startTokenImportance } from "../../lib/tokens/mod.ts";
import { assertFloatsClose, randomTensor } from "../tensor/compare.ts";

const tokens = 9;
const maps = 12; // two windows of six heads
const headDim = 4;
const mapSize = tokens * tokens;

const plain: MapOptions = {
  positionIds: Int32Array.from({ length: tokens }, (_, token) => 2 * token),
  hook: (probabilities) => probabilities,
};
const alibi: MapOptions = { ...plain, slopes: [0.5, 0.25, 0.125, 0.0625, 0.03125, 0.015625] };

/** Queries, keys and values where `group` query heads share a key/value head. */
function operands(group: number): [q: tf.Tensor3D, k: tf.Tensor3D, v: tf.Tensor3D] {
  return [maps, maps / group, maps / group].map((count, seed) =>
    randomTensor([count, tokens, headDim], seed) as tf.Tensor3D
  ) as [tf.Tensor3D, tf.Tensor3D, tf.Tensor3D];
}

for (const [name, options] of Object.entries({ "without ALiBi": plain, "with ALiBi": alibi })) {
  for (const group of [1, 3]) {
    Deno.test(`attendByMaps() gives the same in runs of any size, groups of ${group}, ${name}`, () => {
      tidy(() => {
        const [q, k, v] = operands(group);
        const whole = attendByMaps(q, k, v, { ...options, importance: startTokenImportance });
        for (const run of [1, 2, 5, 11, 12]) {
          const seen: [number, number[]][] = [];
          const parts = attendByMaps(q, k, v, {
            ...options,
            hook(probabilities, firstMap) {
              seen.push([firstMap, probabilities.shape]);
              return probabilities;
            },
            importance: startTokenImportance,
          }, run * mapSize);
          assertEquals(tensorData(parts.output), tensorData(whole.output));
          assertFloatsClose(parts.importance!, whole.importance!, 1e-6);
          const firsts = Array.from({ length: Math.ceil(maps / run) }, (_, i) => i * run);
          assertEquals(
            seen,
            firsts.map((first) => [first, [Math.min(run, maps - first), tokens, tokens]]),
          );
        }
      });
    });

    Deno.test(`attendByMaps() has the same gradient in runs of any size, groups of ${group}, ${name}`, () => {
      tidy(() => {
        const gradients = (budget?: number) =>
          tf.grads((q, k, v) =>
            attendByMaps(
              q as tf.Tensor3D,
              k as tf.Tensor3D,
              v as tf.Tensor3D,
              options,
              budget,
            ).output
          )(operands(group), randomTensor([maps, tokens, headDim], 9));
        const whole = gradients();
        gradients(5 * mapSize).forEach((gradient, operand) =>
          assertFloatsClose(tensorData(gradient), tensorData(whole[operand]), 1e-6)
        );
      });
    });
  }
}

Deno.test("attendByMaps() takes one map at a time where the budget is below one", () => {
  tidy(() => {
    let runs = 0;
    const hook: MapOptions["hook"] = (probabilities) => {
      runs++;
      return probabilities;
    };
    attendByMaps(...operands(1), { ...plain, hook }, 1);
    assertEquals(runs, maps);
  });
});

Deno.test("attendByMaps() frees the maps of a run before the next one", () => {
  tidy(() => {
    const alive: number[] = [];
    const hook: MapOptions["hook"] = (probabilities) => {
      alive.push(tf.memory().numTensors);
      return probabilities;
    };
    attendByMaps(...operands(3), { ...plain, hook }, mapSize);
    // One more tensor per finished run: its output.
    assertEquals(alive, alive.map((_, run) => alive[0] + run));
  });
});
