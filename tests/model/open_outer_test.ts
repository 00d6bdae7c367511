import { assertEquals, assertStrictEquals } from "@std/assert";
import {
  decodeMatrix,
  encodeFloats,
  type FloatDtype,
  floatMatrix,
  type StoredMatrix,
} from "../../lib/format/mod.ts";
import { openOuter } from "../../lib/model/mod.ts";
import { tensorData, tf, tidy } from "../../lib/tensor/mod.ts";
import { randomFloats } from "../tensor/compare.ts";
import { families, randomIds, randomModel, tinyArchitectures } from "./tiny_models.ts";

const vocabulary = 50;

for (const dtype of ["F32", "F16", "BF16"] as FloatDtype[]) {
  Deno.test(`openOuter() decodes rows of an embedding on demand, as the whole: ${dtype}`, () => {
    const values = encodeFloats(randomFloats(vocabulary * 7, 1), dtype);
    const weight = floatMatrix(dtype, values, vocabulary, 7);
    const whole = decodeMatrix(weight);
    const decoded: number[] = [];
    const watched: StoredMatrix = {
      ...{ rows: vocabulary, columns: 7, byteLength: weight.byteLength, form: dtype },
      decode(firstRow, into) {
        decoded.push(firstRow);
        weight.decode(firstRow, into);
      },
    };
    const before = tf.memory().numTensors;
    using outer = openOuter({ embedding: { weight: watched } });
    assertEquals(tf.memory().numTensors, before);
    const ids = Int32Array.of(49, 0, 3, 3, ...randomIds(9));
    const expected = [...ids].flatMap((id) => [...whole.subarray(7 * id, 7 * id + 7)]);
    tidy(() => {
      const rows = outer.embedding.rows(ids);
      assertEquals(rows.shape, [ids.length, 7]);
      assertEquals([...tensorData(rows)], expected);
    });
    assertEquals(decoded, [...ids]);
  });
}

Deno.test("openOuter() makes the head when it is first asked for, and frees it", async () => {
  for (const architecture of Object.values(tinyArchitectures)) {
    const { source: { outer: weights } } = await randomModel(architecture);
    const before = tf.memory().numTensors;
    {
      using outer = openOuter(weights);
      const opened = tf.memory().numTensors;
      const head = tidy(() => outer.head); // which tidying leaves alone
      assertEquals(tf.memory().numTensors, opened + 1);
      assertStrictEquals(outer.head, head);
      assertEquals(tf.memory().numTensors, opened + 1);
      assertEquals(head.byteLength, 4 * architecture.vocabularySize * architecture.embeddingSize);
      // A tied head is the embedding; its columns come out of unit vectors.
      const { embeddingSize } = architecture;
      const columns = tidy(() =>
        tensorData(tf.transpose(head.apply(tf.eye(embeddingSize, embeddingSize)))).slice()
      );
      assertEquals(columns, decodeMatrix((weights.head ?? weights.embedding!).weight));
    }
    assertEquals(tf.memory().numTensors, before);
  }
});

Deno.test("openOuter() has what the architecture has, and frees it without a head too", async () => {
  for (const architecture of Object.values(tinyArchitectures)) {
    const { source: { outer: weights } } = await randomModel(architecture);
    const before = tf.memory().numTensors;
    {
      using outer = openOuter(weights);
      for (
        const name of [
          ...["embedding", "positionEmbedding", "embeddingNorm"] as const,
          ...["projectIn", "projectOut", "finalNorm"] as const,
        ]
      ) {
        assertEquals(outer[name] !== undefined, weights[name] !== undefined, name);
      }
    }
    assertEquals(tf.memory().numTensors, before);
  }
});

Deno.test("openOuter() gives rows of learned positions", async () => {
  const { source: { outer: weights } } = await randomModel(families.opt);
  const { weight } = weights.positionEmbedding!;
  using outer = openOuter(weights);
  const rows = tidy(() => tensorData(outer.positionEmbedding!.rows(Int32Array.of(2, 3))).slice());
  assertEquals(rows, decodeMatrix(weight).slice(2 * 24, 4 * 24));
});
