import { assert, assertAlmostEquals, assertEquals } from "@std/assert";
import {
  afterLayer,
  conventionalImportance,
  exits,
  lowPrecisionTokens,
  positionIds,
  present,
  pruningRatio,
  scoredPositions,
  sparsity,
  startTokenImportance,
  startTrack,
  survivors,
  tokensPerLayer,
} from "../../lib/tokens/mod.ts";
import { readGolden } from "../golden/read_golden.ts";
import golden from "../golden/tokens/e_prune.json" with { type: "json" };

const { tensors } = readGolden("tokens/e_prune.safetensors");
const floats = (name: string) => tensors.get(name)!.data as Float32Array;

interface GoldenLayer {
  prune: number;
  lower: number;
  probs?: string;
  position_ids: number[];
  removed: number[];
  remaining: number[];
  lower_current?: number[];
}

for (const { id, importance, log2_probs, layers, ...expected } of golden.cases) {
  Deno.test(`survivors() and the track follow the released code: ${id}`, () => {
    const score = importance === "start" ? startTokenImportance : conventionalImportance;
    let track = startTrack(golden.tokens);
    let lowered = new Set<number>();

    layers.forEach((layer: GoldenLayer, index) => {
      assertEquals([...positionIds(track, "renumber")], layer.position_ids);
      const entering = present(track);
      if (layer.probs) {
        const probabilities = log2_probs ? quantizeLog2(floats(layer.probs)) : floats(layer.probs);
        const scores = score(probabilities, { heads: golden.heads, tokens: entering.length });
        assertClose(scores, floats(`${id}.score_layer${index}`));
        const inherited = Int32Array.from(lowered, (position) => entering.indexOf(position));
        const tokens = lowPrecisionTokens(scores, layer, inherited);
        lowered = new Set(tokens.values().map((token) => entering[token]));
        track = afterLayer(track, survivors(scores, layer.prune));
      } else {
        track = afterLayer(track);
      }
      lowered = lowered.intersection(new Set(present(track)));
      if (layer.lower_current) {
        const positions = layer.lower_current.map((token) => entering[token]);
        assertEquals([...lowered].sort((left, right) => left - right), positions);
      }
      assertEquals([...present(track)], layer.remaining);
      assertEquals([...exits(track)[index]], layer.removed);
    });

    const scored = [...scoredPositions(track)];
    assertEquals(scored, expected.scored);
    assertEquals(scored.map((position) => position + 1), expected.labels);
    assertAlmostEquals(sparsity(tokensPerLayer(track), golden.tokens), expected.sparsity, 1e-15);
  });
}

Deno.test("pruningRatio() equals the reference for equation 9", () => {
  const { beta, layers, ratio } = golden.gamma;
  assertAlmostEquals(pruningRatio(beta, layers), ratio, 1e-15);
});

/** The released code's 4-bit log2 quantizer, whose scores the case with `log2_probs` holds. */
function quantizeLog2(probabilities: Float32Array): Float32Array {
  return probabilities.map((probability) => {
    const code = Math.round(-Math.log2(probability));
    return code > 15 ? 0 : 2 ** -code;
  });
}

function assertClose(actual: Float32Array, expected: Float32Array): void {
  assertEquals(actual.length, expected.length);
  actual.forEach((value, index) =>
    assert(Math.abs(value - expected[index]) <= 1e-6, `${index}: ${value} != ${expected[index]}`)
  );
}
