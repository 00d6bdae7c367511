import { assertEquals, assertThrows } from "@std/assert";
import { byteMap, laneMap, type LinearMap } from "../../lib/linear/mod.ts";
import { tf, tidy, useBackend } from "../../lib/tensor/mod.ts";
import {
  activationGrids,
  bias,
  columns,
  fourBitWeights,
  noNumbers,
  togetherAndAlone,
  x,
} from "./integer_operands.ts";

const inGroups = fourBitWeights["4 bits in groups"];

/** A kind of maps of codes, with weights of which maps go together. */
const kinds = {
  "of bytes": { make: byteMap, bits: 8, weights: [inGroups, inGroups, inGroups] },
  "in lanes, of any order": { make: laneMap, bits: 4, weights: Object.values(fourBitWeights) },
};

for (const [kind, { make, bits, weights }] of Object.entries(kinds)) {
  const grids = activationGrids(bits);

  Deno.test(`codeMap() lasts beyond the tidying of where it was made: ${kind}`, async () => {
    await useBackend("agile");
    const before = tf.memory().numTensors;
    let map!: LinearMap;
    tidy(() => {
      map = make(inGroups, grids["one range"], bias);
    });
    tidy(() => void map.apply(tf.tensor2d(x, [21, columns])).dataSync());
    map[Symbol.dispose]();
    assertEquals(tf.memory().numTensors, before);
  });

  Deno.test(`codeMap() keeps nothing where its bias is refused: ${kind}`, async () => {
    await useBackend("agile");
    const before = tf.memory().numTensors;
    assertThrows(() => make(inGroups, grids["one range"], noNumbers));
    assertEquals(tf.memory().numTensors, before);
  });

  for (const relu of [false, true]) {
    const follows = relu ? "relu follows" : "nothing follows";
    Deno.test(`codeMap() applies several maps as one after the other: ${kind}, ${follows}`, async () => {
      await useBackend("agile");
      const maps = weights.map((weight) => make(weight, grids["TRIP, K = 3"], bias));
      const { together, alone } = togetherAndAlone(maps, relu);
      assertEquals(together, alone);
      assertEquals(alone[0].some((value) => value < 0), !relu);
      for (const map of maps) map[Symbol.dispose]();
    });
  }
}
