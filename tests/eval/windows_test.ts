import { assertEquals, assertThrows } from "@std/assert";
import fc from "fast-check";
import { InputError } from "../../lib/core/mod.ts";
import { cutWindows, drawWindows, windowStartToken } from "../../lib/eval/mod.ts";
import { withModel } from "./tiny_models.ts";

/** The text 0, 1, 2, ...: a token is its own offset. */
const countUp = (length: number) => Int32Array.from({ length }, (_, index) => index);

Deno.test("cutWindows() cuts consecutive windows and drops the tail", () => {
  const windows = cutWindows(countUp(11), { window: 4, startToken: null });
  assertEquals(windows, [Int32Array.of(0, 1, 2, 3), Int32Array.of(4, 5, 6, 7)]);
});

Deno.test("cutWindows() puts the start token in front and takes one token less of text", () => {
  const windows = cutWindows(countUp(11), { window: 4, startToken: 99 });
  assertEquals(windows.map((window) => [...window]), [
    [99, 0, 1, 2],
    [99, 3, 4, 5],
    [99, 6, 7, 8],
  ]);
});

Deno.test("cutWindows() uses every token once but fewer than one window of them", () => {
  fc.assert(fc.property(
    fc.integer({ min: 2, max: 40 }),
    fc.constantFrom(null, 7),
    fc.integer({ min: 40, max: 300 }),
    (window, startToken, length) => {
      const windows = cutWindows(countUp(length), { window, startToken });
      const text = windows.flatMap((each) => [...each.subarray(startToken === null ? 0 : 1)]);
      assertEquals(text, [...countUp(text.length)]);
      assertEquals(windows.every((each) => each.length === window), true);
      const left = length - text.length;
      assertEquals(left >= 0 && left < (startToken === null ? window : window - 1), true);
    },
  ));
});

Deno.test("cutWindows() refuses windows below 2 and texts shorter than one", () => {
  for (const window of [1, 2.5]) {
    assertThrows(
      () => cutWindows(countUp(9), { window, startToken: null }),
      InputError,
      `Cannot cut windows: window must be an integer of 2 or more, got ${window}`,
    );
  }
  assertThrows(
    () => cutWindows(countUp(9), { window: 10, startToken: null }),
    InputError,
    "Cannot cut windows: the text must have at least 10 tokens, got 9",
  );
  assertEquals(cutWindows(countUp(9), { window: 10, startToken: 0 }).length, 1);
});

// Expected offsets: Python 3, random.seed(seed); [random.randint(0, n - length - 1) for _ in ...].
for (
  const [seed, tokens, window, offsets] of [
    [0, 1000, 20, [864, 394, 776, 911, 430, 41]],
    [7, 2_400_000, 2048, [1358253, 632707, 1656009, 202527]],
  ] as const
) {
  Deno.test(`drawWindows() draws the windows of Python's random, seed ${seed}`, () => {
    const ids = countUp(tokens);
    const options = { window, startToken: null, count: offsets.length, seed };
    const windows = drawWindows(ids, options);
    assertEquals(windows.map(([first]) => first), [...offsets]);
    windows.forEach((each, index) => {
      assertEquals(each, ids.slice(offsets[index], offsets[index] + window));
    });
  });
}

Deno.test("drawWindows() draws one token less of text behind a start token", () => {
  const windows = drawWindows(countUp(1000), { window: 20, startToken: -1, count: 6, seed: 0 });
  assertEquals(windows.map((each) => each[0]), new Array(6).fill(-1));
  assertEquals(windows.map((each) => each[1]), [864, 394, 776, 911, 430, 41]);
  assertEquals(windows.every((each) => each.length === 20), true);
});

Deno.test("drawWindows() can draw from a text one token longer than a window", () => {
  const windows = drawWindows(countUp(5), { window: 4, startToken: null, count: 3, seed: 1 });
  assertEquals(windows, new Array(3).fill(Int32Array.of(0, 1, 2, 3)));
});

Deno.test("drawWindows() refuses short texts, short windows and no windows", () => {
  const options = { window: 4, startToken: null, count: 2, seed: 0 };
  const refused = (tokens: number, changes: Partial<typeof options>, rule: string) =>
    assertThrows(
      () => drawWindows(countUp(tokens), { ...options, ...changes }),
      InputError,
      `Cannot draw calibration windows: ${rule}`,
    );
  refused(4, {}, "the text must have more than 4 tokens, got 4");
  refused(9, { window: 1 }, "window must be an integer of 2 or more, got 1");
  refused(9, { count: 0 }, "count must be 1 or more, got 0");
  refused(9, { count: 1.5 }, "count must be 1 or more, got 1.5");
});

Deno.test("windowStartToken() is the start token of models trained with it, else null", async () => {
  await withModel("llama", (model) => {
    assertEquals(model.architecture.startToken, 1);
    assertEquals(windowStartToken(model), null);
    const architecture = { ...model.architecture, startsEveryWindow: true };
    assertEquals(windowStartToken({ ...model, architecture }), 1);
  });
});
