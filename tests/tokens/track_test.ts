import { assertEquals, assertThrows } from "@std/assert";
import fc from "fast-check";
import { InputError } from "../../lib/core/mod.ts";
import {
  afterLayer,
  exits,
  positionIds,
  present,
  scoredPositions,
  startTrack,
  survivors,
  tokensPerLayer,
} from "../../lib/tokens/mod.ts";

const pruned = [Int32Array.of(0, 2, 3, 5), undefined, Int32Array.of(0, 1, 3)]
  .reduce(afterLayer, startTrack(6));

Deno.test("present() is every token at first and original positions later", () => {
  assertEquals([...present(startTrack(3))], [0, 1, 2]);
  assertEquals([...present(pruned)], [0, 2, 5]);
});

Deno.test("afterLayer() leaves the earlier track as it was", () => {
  const start = startTrack(3);
  afterLayer(start, Int32Array.of(0));
  assertEquals(tokensPerLayer(start), []);
});

Deno.test("tokensPerLayer() and exits() tell what each layer left and pruned", () => {
  assertEquals(tokensPerLayer(pruned), [4, 4, 3]);
  assertEquals(exits(pruned).map((positions) => [...positions]), [[1, 4], [], [3]]);
});

Deno.test("positionIds() renumbers survivors or keeps their positions", () => {
  assertEquals([...positionIds(pruned, "renumber")], [0, 1, 2]);
  assertEquals([...positionIds(pruned, "keep")], [0, 2, 5]);
});

Deno.test("scoredPositions() leaves out the last token, which nothing follows", () => {
  assertEquals([...scoredPositions(pruned)], [0, 2]);
});

Deno.test("exits() and present() share out the window", () => {
  const ratios = fc.array(fc.double({ min: 0, max: 0.9, noNaN: true }), { maxLength: 6 });
  fc.assert(fc.property(fc.integer({ min: 1, max: 50 }), ratios, (tokens, ratios) => {
    const track = ratios.reduce((track, ratio) => {
      const scores = Float32Array.from(present(track), (position) => (position * 29) % 31);
      return afterLayer(track, survivors(scores, ratio));
    }, startTrack(tokens));
    const all = [present(track), ...exits(track)].flatMap((positions) => [...positions]);
    assertEquals(all.sort((a, b) => a - b), [...Array(tokens).keys()]);
  }));
});

Deno.test("startTrack() refuses an empty window", () => {
  assertThrows(
    () => startTrack(0),
    InputError,
    "Cannot track tokens: tokens must be 1 or more, got 0",
  );
});

Deno.test("afterLayer() refuses indices that are not ascending or not present", () => {
  for (const kept of [[0, 0], [1, 0], [-1], [0, 3]]) {
    assertThrows(
      () => afterLayer(pruned, Int32Array.from(kept)),
      InputError,
      `Cannot track tokens: kept must be ascending indices below 3, got [${kept}]`,
    );
  }
});
