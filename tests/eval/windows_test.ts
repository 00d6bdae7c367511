import { assertEquals, assertThrows } from "@std/assert";
import fc from "fast-check";
import { InputError } from "../../lib/core/mod.ts";
import { cutWindows, drawWindows, drawWindowsOfTexts, joinWindows } from "../../lib/eval/mod.ts";
import type { StartToken } from "../../lib/model/mod.ts";

/** The text 0, 1, 2, ...: a token is its own offset. */
const countUp = (length: number) => Int32Array.from({ length }, (_, index) => index);

const none: StartToken = { place: "none" };
const once: StartToken = { place: "once", id: 99 };
const inWindow: StartToken = { place: "window", id: 99 };

Deno.test("cutWindows() cuts consecutive windows and drops the tail", () => {
  const windows = cutWindows(countUp(11), { window: 4, startToken: none });
  assertEquals(windows, [Int32Array.of(0, 1, 2, 3), Int32Array.of(4, 5, 6, 7)]);
});

Deno.test("cutWindows() puts the start token in front and takes one token less of text", () => {
  const windows = cutWindows(countUp(11), { window: 4, startToken: inWindow });
  assertEquals(windows.map((window) => [...window]), [
    [99, 0, 1, 2],
    [99, 3, 4, 5],
    [99, 6, 7, 8],
  ]);
});

Deno.test("cutWindows() puts a start token once in front of the text, which it shifts", () => {
  const windows = cutWindows(countUp(11), { window: 4, startToken: once });
  assertEquals(windows.map((window) => [...window]), [
    [99, 0, 1, 2],
    [3, 4, 5, 6],
    [7, 8, 9, 10],
  ]);
});

Deno.test("joinWindows() undoes cutWindows() but for fewer tokens than one window", () => {
  fc.assert(fc.property(
    fc.integer({ min: 2, max: 40 }),
    fc.constantFrom(none, once, inWindow),
    fc.integer({ min: 40, max: 300 }),
    (window, startToken, length) => {
      const windows = cutWindows(countUp(length), { window, startToken });
      const text = joinWindows(windows, startToken);
      assertEquals(text, countUp(text.length));
      assertEquals(windows.every((each) => each.length === window), true);
      const left = length - text.length;
      assertEquals(left >= 0 && left < (startToken === inWindow ? window - 1 : window), true);
    },
  ));
});

Deno.test("joinWindows() takes windows from the middle of a text as they are", () => {
  const windows = cutWindows(countUp(11), { window: 4, startToken: once });
  assertEquals(joinWindows(windows.slice(1), once), Int32Array.of(3, 4, 5, 6, 7, 8, 9, 10));
});

Deno.test("cutWindows() takes a text of millions of tokens with a start token in front", () => {
  const windows = cutWindows(countUp(3_000_000), { window: 1_000_000, startToken: once });
  assertEquals(windows.map(([first]) => first), [99, 999_999, 1_999_999]);
});

Deno.test("cutWindows() refuses windows below 2 and texts shorter than one", () => {
  for (const window of [1, 2.5]) {
    assertThrows(
      () => cutWindows(countUp(9), { window, startToken: none }),
      InputError,
      `Cannot cut windows: window must be an integer of 2 or more, got ${window}`,
    );
  }
  assertThrows(
    () => cutWindows(countUp(9), { window: 10, startToken: none }),
    InputError,
    "Cannot cut windows: the text must have at least 10 tokens, got 9",
  );
  assertThrows(
    () => cutWindows(countUp(9), { window: 10, startToken: none, label: "a.txt" }),
    InputError,
    "Cannot cut windows: a.txt must have at least 10 tokens, got 9",
  );
  assertEquals(
    cutWindows(countUp(9), { window: 10, startToken: inWindow }).length,
    1,
  );
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
    const options = { window, startToken: none, count: offsets.length, seed };
    const windows = drawWindows(ids, options);
    assertEquals(windows.map(([first]) => first), [...offsets]);
    windows.forEach((each, index) => {
      assertEquals(each, ids.slice(offsets[index], offsets[index] + window));
    });
  });
}

Deno.test("drawWindows() draws one token less of text behind a start token", () => {
  const windows = drawWindows(countUp(1000), {
    window: 20,
    startToken: inWindow,
    count: 6,
    seed: 0,
  });
  assertEquals(windows.map((each) => each[0]), new Array(6).fill(99));
  assertEquals(windows.map((each) => each[1]), [864, 394, 776, 911, 430, 41]);
  assertEquals(windows.every((each) => each.length === 20), true);
});

Deno.test("drawWindows() draws from a text with its start token in front", () => {
  const windows = drawWindows(countUp(999), { window: 20, startToken: once, count: 6, seed: 0 });
  assertEquals(windows.map((each) => each[1]), [864, 394, 776, 911, 430, 41]); // of 1000 tokens
  const [first] = drawWindows(countUp(4), { window: 4, startToken: once, count: 1, seed: 0 });
  assertEquals(first, Int32Array.of(99, 0, 1, 2));
});

Deno.test("drawWindows() can draw from a text one token longer than a window", () => {
  const windows = drawWindows(countUp(5), { window: 4, startToken: none, count: 3, seed: 1 });
  assertEquals(windows, new Array(3).fill(Int32Array.of(0, 1, 2, 3)));
});

Deno.test("drawWindows() refuses short texts, short windows and no windows", () => {
  const options = { window: 4, startToken: none, count: 2, seed: 0 };
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

/** Text i is 1000 i, 1000 i + 1, ...: a token tells text and offset. */
const pool = (lengths: number[]) => ({
  length: lengths.length,
  ids: (index: number) => countUp(lengths[index]).map((offset) => 1000 * index + offset),
});

/** Texts and offsets as Python draws them: `randint` of the text until it is longer than 16, then of the place. */
for (
  const [seed, firsts] of [
    [0, [7006, 7005, 3064, 2000, 2000, 2000]],
    [3, [3075, 2000, 7001, 7004, 3024, 7008]],
  ] as const
) {
  Deno.test(`drawWindowsOfTexts() draws as GPTQ draws from C4, seed ${seed}`, () => {
    const texts = pool([16, 5, 17, 100, 3, 40, 16, 25]);
    const options = { window: 16, startToken: none, count: firsts.length, seed };
    const windows = drawWindowsOfTexts(texts, options);
    assertEquals(windows, firsts.map((first) => countUp(16).map((offset) => first + offset)));
    const later = drawWindowsOfTexts(pool([15, 4, 16, 99, 2, 39, 15, 24]), {
      ...options,
      startToken: once, // takes a token of each text's length
    });
    assertEquals(later.map(([, second]) => second), [...firsts]);
  });
}

Deno.test("drawWindowsOfTexts() puts a start token into every window", () => {
  const options = { window: 4, startToken: inWindow, count: 2, seed: 0 };
  const windows = drawWindowsOfTexts(pool([3, 4]), options);
  assertEquals(windows, [Int32Array.of(99, 1000, 1001, 1002), Int32Array.of(99, 1000, 1001, 1002)]);
});

Deno.test("drawWindowsOfTexts() tokenizes a text that is too short once", () => {
  const asked: number[] = [];
  const texts = { length: 2, ids: (index: number) => (asked.push(index), countUp([4, 99][index])) };
  drawWindowsOfTexts(texts, { window: 4, startToken: none, count: 20, seed: 0 });
  assertEquals(asked.filter((index) => index === 0).length, 1);
});

Deno.test("drawWindowsOfTexts() refuses texts that are all too short, and no windows", () => {
  const options = { window: 4, startToken: none, count: 2, seed: 0, label: "c4 test" };
  const message = "Cannot draw windows: c4 test must have a row of more than 4 tokens";
  for (const lengths of [[], [4], [1, 4, 0]]) {
    assertThrows(() => drawWindowsOfTexts(pool(lengths), options), InputError, message);
  }
  const drawNone = () => drawWindowsOfTexts(pool([9]), { ...options, count: 0 });
  assertThrows(drawNone, InputError, "Cannot draw windows: count must be 1 or more, got 0");
});
