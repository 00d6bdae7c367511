import { assertEquals, assertThrows } from "@std/assert";
import { InputError } from "../../lib/core/mod.ts";
import { embedTokens, forward, type OpenModel } from "../../lib/model/mod.ts";
import { tensorData, tf, tidy } from "../../lib/tensor/mod.ts";
import { assertFloatsClose } from "../tensor/compare.ts";
import { families, randomIds, tinyArchitectures, withRandomModel } from "./tiny_models.ts";
import { withReference } from "./with_reference.ts";

const embed = (
  { architecture, outer }: OpenModel,
  ids: Int32Array,
  batch?: number,
  first?: number,
) => embedTokens(architecture, outer, ids, batch, first);

for (const [name, architecture] of Object.entries(tinyArchitectures)) {
  Deno.test(`embedTokens() agrees with the float64 reference: ${name}`, () =>
    withReference(architecture, (model, reference) => {
      const ids = randomIds(12);
      tidy(() => {
        const { hidden, positions, batch, lower } = embed(model, ids);
        const expected = [...ids].flatMap((id, position) => reference.embed(id, position));
        assertFloatsClose(tensorData(hidden), expected, 1e-6);
        assertEquals(positions, Int32Array.from(ids.keys()));
        assertEquals([batch, lower], [1, undefined]);
      });
    }));

  Deno.test(`embedTokens() of a later piece, or of several windows, is that of the whole: ${name}`, () =>
    withRandomModel(architecture, (model) => {
      const ids = randomIds(12);
      tidy(() => {
        const whole = embed(model, ids);
        const piece = embed(model, ids.slice(5), 1, 5);
        const tail = tf.slice(whole.hidden, [5, 0]);
        assertFloatsClose(tensorData(piece.hidden), tensorData(tail), 1e-6);
        assertEquals(piece.positions, whole.positions.slice(5));
        const twice = embed(model, Int32Array.of(...ids, ...ids), 2);
        const expected = [...tensorData(whole.hidden), ...tensorData(whole.hidden)];
        assertFloatsClose(tensorData(twice.hidden), expected, 1e-6);
        assertEquals(twice.positions, whole.positions);
      });
    }));
}

Deno.test("embedTokens() refuses ids and windows that the model does not take", () =>
  withRandomModel(families.opt, (model) => {
    const before = tf.memory().numTensors;
    const refused = (run: () => void, message: string) =>
      assertThrows(run, InputError, `Cannot run the model: ${message}`);
    refused(() => embed(model, randomIds(5), 1, 60), "a window must have 1..64 tokens, got 65");
    refused(() => embed(model, randomIds(5), 2), "a window must have 1..64 tokens, got 2.5");
    refused(() => embed(model, Int32Array.of(1, 50)), "token ids must be 0..49, got 50");
    refused(() => embed(model, Int32Array.of(-1)), "token ids must be 0..49, got -1");
    refused(() => forward(model, new Int32Array()), "a window must have 1..64 tokens, got 0");
    assertEquals(tf.memory().numTensors, before);
  }));
