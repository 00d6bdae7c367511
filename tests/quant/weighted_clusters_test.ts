import { assert, assertAlmostEquals, assertEquals } from "@std/assert";
import fc from "fast-check";
import { seededRandom } from "../../lib/core/mod.ts";
import { clusterValues, drawCentroids, weighValues } from "../../lib/quant/weighted_clusters.ts";
import { rivalGoldens } from "./rival_goldens.ts";
import { assertSameNumbers } from "./support.ts";

const { cases, floats, bytes } = rivalGoldens<{ id: string; kind: string; bits: number }>(
  "squeezellm",
);
const [rows, columns] = [48, 192];

for (const { id, bits } of cases.filter(({ kind }) => kind === "kmeans")) {
  Deno.test(`clusterValues() ends where the reference does from its start: ${id}`, () => {
    const isKept = id.startsWith("dense_and_sparse") ? 4 : 0;
    const size = 2 ** bits;
    for (let row = 0; row < rows; row++) {
      const own = (all: Float32Array) => all.slice(row * columns, (row + 1) * columns);
      const kept = bytes("outliers").subarray(row * columns, (row + 1) * columns);
      const values = own(floats("weight")).map((value, i) => kept[i] & isKept ? 0 : value);
      const masses = own(floats("fisher")).map((mass, i) => values[i] === 0 ? 0 : mass);
      const start = floats(`${id}.start`).subarray(row * size, (row + 1) * size);
      const order = Array.from(start.keys()).sort((a, b) => start[a] - start[b]);
      const found = clusterValues(weighValues(values, masses), Float64Array.from(start).sort());
      const labels = bytes(`${id}.labels`).subarray(row * columns, (row + 1) * columns);
      assertSameNumbers(found.codes.map((code) => order[code]), labels, `row ${row}`);
      const centroids = floats(`${id}.centroids`).subarray(row * size, (row + 1) * size);
      const scale = Math.max(...centroids.map(Math.abs));
      order.forEach((place, rank) =>
        assertAlmostEquals(found.centroids[rank], centroids[place], 1e-5 * scale, `row ${row}`)
      );
    }
  });
}

Deno.test("weighValues() puts values in order with what they weigh, or all alike", () => {
  const values = fc.array(fc.float({ noNaN: true, noDefaultInfinity: true }), { minLength: 1 });
  fc.assert(fc.property(values, (numbers) => {
    const floats = Float32Array.from(numbers);
    const masses = floats.map((_, i) => i % 3);
    const weighed = weighValues(floats, masses);
    assertSameNumbers(weighed.values, floats.toSorted(), "values");
    weighed.order.forEach((place, rank) => {
      assertEquals(weighed.values[rank], floats[place]);
      assertEquals(weighed.masses[rank], numbers.length > 1 ? masses[place] : 1);
    });
    assertEquals(new Set(weighed.order).size, numbers.length);
  }));
});

Deno.test("drawCentroids() draws values that weigh something, far from each other", () => {
  const values = Float32Array.from({ length: 60 }, (_, i) => 10 * (i % 4) + i / 100);
  const masses = values.map((_, i) => i % 4 === 3 ? 0 : 1);
  for (let seed = 0; seed < 20; seed++) {
    const drawn = drawCentroids(weighValues(values, masses), 3, seededRandom(seed));
    assertEquals([...drawn].map((value) => Math.round(value / 10)), [0, 1, 2]);
    assert(drawn.every((value) => values.includes(value)));
  }
});

Deno.test("clusterValues() leaves a cluster without values where it is", () => {
  const weighed = weighValues(Float32Array.of(1, 2, 1.5), Float32Array.of(1, 1, 2));
  const found = clusterValues(weighed, Float64Array.of(-8, 1, 9));
  assertEquals([...found.centroids], [-8, 1.5, 9]);
  assertEquals(found.codes, Uint8Array.of(1, 1, 1));
});
