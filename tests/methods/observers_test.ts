import { assert, assertEquals, assertThrows } from "@std/assert";
import { InputError } from "../../lib/core/mod.ts";
import { triangleLength, triangleOf } from "../../lib/format/mod.ts";
import { type Observer, observer, ofTokens } from "../../lib/methods/observers.ts";
import type { TokenRows } from "../../lib/linear/mod.ts";
import type { SiteObservation } from "../../lib/methods/mod.ts";
import type { Visit } from "../../lib/model/mod.ts";
import { type Range, searchTrip, type TripParams } from "../../lib/quant/mod.ts";
import { tf, tidy } from "../../lib/tensor/mod.ts";
import { randomFloats } from "../tensor/compare.ts";
import { withModel } from "../eval/tiny_models.ts";

const channels = 6;
const windows = [randomFloats(4 * channels, 1), randomFloats(9 * channels, 2)];
const name = "mlp.hidden of layer 1";
const trip = { bits: 8, K: 3, profile: "paper" } as const;
const visit: Visit = { site: "mlp.hidden", layer: 1, window: 0 };

/** Shows an observer all windows as often as it asks for them; how often that was. */
function show(observer: Observer, parts: Float32Array[], rows: TokenRows[] = []): number {
  let rounds = 0;
  do {
    parts.forEach((part, window) => {
      tidy(() => {
        const value = tf.tensor2d(part, [part.length / channels, channels]);
        observer.see(value, { ...visit, window, ...rows[window] });
      });
    });
    rounds++;
  } while (observer.again());
  return rounds;
}

/** What an observer of a kind gathers. Fails if it leaves tensors behind. */
function observe(kind: SiteObservation, parts: Float32Array[]) {
  const before = tf.memory().numTensors;
  let seen;
  {
    using looking = observer(kind, parts.length, name);
    const rounds = show(looking, parts);
    seen = { rounds, ...looking.result() };
  }
  assertEquals(tf.memory().numTensors, before);
  return seen;
}

/** The upper triangle of 2/n sum x x^T in float64. */
function slowGram(parts: Float32Array[], channels: number): Float64Array {
  const square = Float64Array.from({ length: channels ** 2 }, (_, at) => {
    const [i, j] = [Math.floor(at / channels), at % channels];
    let sum = 0;
    for (const part of parts) {
      for (let row = 0; row < part.length; row += channels) sum += part[row + i] * part[row + j];
    }
    return 2 * sum / parts.length;
  });
  return triangleOf(square);
}

function tripOf(parts: Float32Array[]) {
  return observe({ trip }, parts) as { rounds: number; trip: TripParams };
}

function gramOf(parts: Float32Array[]) {
  const { rounds, gram } = observe("gram", parts) as { rounds: number; gram: Float32Array };
  return { rounds, gram };
}

function rangeOf(kind: "range" | "channelRange", parts: Float32Array[]): Range {
  const { rounds, range } = observe(kind, parts) as { rounds: number; range: Range };
  assertEquals(rounds, 1);
  return range;
}

Deno.test("observer() of a gram gives 2/n sum x x^T over all windows in one round", () =>
  withModel("llama", () => {
    const { rounds, gram } = gramOf(windows);
    assertEquals(rounds, 1);
    const expected = slowGram(windows, channels);
    const largest = Math.max(...expected);
    gram.forEach((value, i) => assert(Math.abs(value - expected[i]) < 1e-6 * largest));
  }));

Deno.test("observer() of a gram of many channels adds panels of rows", () =>
  withModel("llama", () => {
    const many = 1030;
    const parts = [randomFloats(3 * many, 3), randomFloats(2 * many, 4)];
    const before = tf.memory().numTensors;
    const looking = observer("gram", parts.length, name);
    for (const part of parts) {
      tidy(() => looking.see(tf.tensor2d(part, [part.length / many, many]), visit));
      assertEquals(tf.memory().numTensors, before);
    }
    const { gram } = looking.result() as { gram: Float32Array };
    const expected = slowGram(parts, many);
    assertEquals(gram.length, expected.length);
    assert(gram.every((value, i) => Math.abs(value - expected[i]) < 1e-4));
  }));

for (const power of [66, -66, 120, -120]) {
  Deno.test(`observer() of a gram looks again where float32 holds inputs but not their squares: 2^${power}`, () =>
    withModel("llama", () => {
      const scaled = windows.map((part) => part.map((value) => value * 2 ** power));
      const { rounds, gram } = gramOf(scaled);
      assertEquals(rounds, 3);
      const factor = gram[0] / gramOf(windows).gram[0];
      assert(Number.isInteger(Math.log2(factor)));
      assertEquals(gram, gramOf(windows).gram.map((value) => value * factor));
    }));
}

Deno.test("observer() of a gram needs no third round where all inputs are zero", () =>
  withModel("llama", () => {
    const { rounds, gram } = gramOf(windows.map((part) => new Float32Array(part.length)));
    assertEquals(rounds, 2);
    assertEquals(gram, new Float32Array(triangleLength(channels)));
  }));

for (const strange of [NaN, Infinity]) {
  Deno.test(`observer() of a gram refuses ${strange}`, () =>
    withModel("llama", () => {
      const broken = windows[1].with(7, strange);
      using looking = observer("gram", 2, name, "calibrate opt");
      assertThrows(
        () => show(looking, [windows[0], broken]),
        InputError,
        `Cannot calibrate opt: mlp.hidden of layer 1 must be finite, got ${strange}`,
      );
    }));
}

Deno.test("observer() gives the extremes of all windows, and of each channel", () =>
  withModel("llama", () => {
    const all = [...windows[0], ...windows[1]];
    const whole = rangeOf("range", windows);
    const [min, max] = [Math.min(...all), Math.max(...all)].map((each) => Float32Array.of(each));
    assertEquals(whole, { ...whole, min, max });
    const each = rangeOf("channelRange", windows);
    const column = (channel: number) => all.filter((_, i) => i % channels === channel);
    for (let channel = 0; channel < channels; channel++) {
      assertEquals(each.min[channel], Math.min(...column(channel)));
      assertEquals(each.max[channel], Math.max(...column(channel)));
    }
  }));

Deno.test("observer() of values keeps them, window by window", () =>
  withModel("llama", () => {
    assertEquals(observe("values", windows), { rounds: 1, values: { channels, windows } });
  }));

Deno.test("observer() of TRIP finds the grid of all windows joined", () =>
  withModel("llama", () => {
    const joined = Float32Array.from(windows.flatMap((window) => [...window]));
    const expected = searchTrip(joined, { ...trip, channels });
    assertEquals(tripOf(windows), { rounds: 1, trip: expected });
  }));

Deno.test("observer() of TRIP keeps no more than 128 MiB, and looks at larger windows twice", () =>
  withModel("llama", () => {
    const large = Float32Array.from({ length: 2_800_000 * channels }, (_, i) => Math.sin(i * i));
    const { rounds, trip: found } = tripOf([large, large]);
    assertEquals(rounds, 2);
    const once = searchTrip(large, { ...trip, channels });
    assertEquals([found.alpha, found.scale], [once.alpha, once.scale]);
  }));

Deno.test("observer() of a range names the site that is not finite", () =>
  withModel("llama", () => {
    using looking = observer("range", 1, name);
    assertThrows(
      () => show(looking, [windows[0].with(3, NaN)]),
      InputError,
      "Cannot quantize mlp.hidden of layer 1: element 3 must be finite, got NaN",
    );
  }));

Deno.test("ofTokens() sees some tokens alone, or all where there are none of these", () =>
  withModel("llama", () => {
    const row = (index: number) => windows[0].slice(index * channels, (index + 1) * channels);
    const expected = {
      "lower": [row(1), row(3)],
      "first": [row(0)],
      "behind first": [row(1), row(2), row(3)],
    };
    for (const sees of ["lower", "first", "behind first"] as const) {
      using looking = ofTokens(observer("values", 2, name), sees);
      const before = tf.memory().numTensors;
      const rows = { lower: Int32Array.of(1, 3), first: Int32Array.of(0) };
      show(looking, windows, [rows, { lower: new Int32Array() }]);
      assertEquals(tf.memory().numTensors, before);
      const seen = Float32Array.from(expected[sees].flatMap((each) => [...each]));
      assertEquals(looking.result(), { values: { channels, windows: [seen, windows[1]] } });
    }
  }));

Deno.test("ofTokens() refuses values whose tokens were not scored", () =>
  withModel("llama", () => {
    using looking = ofTokens(observer("values", 2, name), "lower");
    assertThrows(
      () => show(looking, windows),
      InputError,
      "Cannot quantize tokens by importance: the forward pass must score them, without a cache",
    );
  }));
