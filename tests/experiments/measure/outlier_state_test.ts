import { assert, assertAlmostEquals, assertEquals } from "@std/assert";
import { layerError, observeOutliers } from "../../../experiments/measure/outlier_state.ts";
import { kurtosis, mean, seededRandom } from "../../../lib/core/mod.ts";
import { denseMap } from "../../../lib/linear/mod.ts";
import { fakeQuantizeUniform, searchTrip } from "../../../lib/quant/mod.ts";
import { tf, useBackend } from "../../../lib/tensor/mod.ts";

await useBackend("agile");

const { normal } = seededRandom(5);
const x = Float32Array.from({ length: 6 * 16 }, () => normal());
x[3] = 40; // one value of channel 3

Deno.test("observeOutliers() has the range, the kurtosis and the grid of TRIP", () => {
  const { state, grid } = observeOutliers(x, 16, { bits: 8, K: 3 });
  const expected = searchTrip(x, { channels: 16, bits: 8, K: 3 });
  assertEquals([grid.scale, grid.alpha], [expected.scale, expected.alpha]);
  assertEquals(state.range, Math.max(...x) - Math.min(...x));
  assertEquals(state.kurtosis, kurtosis(x));
  assertEquals(state.alpha, mean(expected.alpha));
});

Deno.test("layerError() is the mean over tokens of what quantization adds, all maps together", () => {
  const weights = [[1, 2], [3, 0.5]].map((scale) =>
    Float32Array.from({ length: 2 * 16 }, (_, i) => scale[i % 2] * normal())
  );
  const before = tf.memory().numTensors;
  const maps = weights.map((values) => denseMap(tf.tensor2d(values, [2, 16])));
  const { grid } = observeOutliers(x, 16, { bits: 4, K: 1 });
  const rounded = fakeQuantizeUniform(x, grid);
  const errors = Array.from({ length: 6 }, (_, token) => {
    let [signal, noise] = [0, 0];
    for (const weight of weights) {
      for (const row of [0, 16]) {
        const dot = (values: Float32Array) =>
          Array.from({ length: 16 }, (_, c) => values[16 * token + c] * weight[row + c])
            .reduce((sum, each) => sum + each);
        signal += dot(x) ** 2;
        noise += (dot(rounded) - dot(x)) ** 2;
      }
    }
    return noise / signal;
  });
  assertAlmostEquals(layerError(x, grid, maps), mean(errors), 1e-5);
  for (const map of maps) map[Symbol.dispose]();
  assertEquals(tf.memory().numTensors, before);
});

Deno.test("layerError() of a grid without the outlier is smaller on the other tokens", () => {
  const others = x.subarray(16);
  const map = denseMap(tf.tensor2d(Float32Array.from({ length: 16 }, normal), [1, 16]));
  const [wide, narrow] = [x, others].map((seen) =>
    layerError(others, observeOutliers(seen, 16, { bits: 4, K: 0 }).grid, [map])
  );
  map[Symbol.dispose]();
  assert(narrow < wide / 10, `${narrow}, ${wide}`);
});
