import { assert, assertAlmostEquals, assertEquals, assertThrows } from "@std/assert";
import fc from "fast-check";
import { InputError, mean, seededRandom } from "../../lib/core/mod.ts";

/** Expected: Python 3.11, `random.seed(seed)`, then these calls one after another. */
const python = [
  {
    seed: 0,
    random: [0.8444218515250481, 0.7579544029403025, 0.420571580830845, 0.25891675029296335],
    window: [268055, 254766, 212302, 159023, 249874],
    die: [6, 4, 3, 5, 3, 2],
    signed: [1, 3, -1, 1, 2, 3],
    wide: 2585149702,
  },
  {
    seed: 42,
    random: [0.6394267984578837, 0.025010755222666936, 0.27502931836911926, 0.22321073814882275],
    window: [53736, 285929, 45580, 309588, 221208],
    die: [1, 1, 2, 4, 4, 1],
    signed: [1, -2, 2, 2, 2, 1],
    wide: 1801823908,
  },
  {
    seed: 4294967295,
    random: [0.6353574441341173, 0.20319993954407756, 0.6073666030347188, 0.29133552762158776],
    window: [178272, 199814, 146620, 186166, 260689],
    die: [7, 2, 4, 3, 8, 6],
    signed: [-2, 2, 3, 2, -3, -1],
    wide: 160615420,
  },
];

for (const { seed, ...expected } of python) {
  Deno.test(`seededRandom() draws the stream of Python's random.seed(${seed})`, () => {
    const random = seededRandom(seed);
    const integers = (count: number, low: number, high: number) =>
      Array.from({ length: count }, () => random.integer(low, high));
    assertEquals(Array.from({ length: 4 }, random.uniform), expected.random);
    assertEquals(integers(5, 0, 335687 - 2048 - 1), expected.window);
    assertEquals(integers(6, 1, 8), expected.die);
    assertEquals(integers(6, -3, 3), expected.signed);
    assertEquals(random.integer(0, 4294967294), expected.wide);
  });
}

Deno.test("seededRandom() draws integers from low to high, both reached", () => {
  fc.assert(
    fc.property(fc.nat(), fc.integer(), fc.integer({ min: 0, max: 4 }), (seed, low, more) => {
      const random = seededRandom(seed);
      const drawn = new Set(Array.from({ length: 200 }, () => random.integer(low, low + more)));
      const expected = Array.from({ length: more + 1 }, (_, index) => low + index);
      assertEquals([...drawn].sort((left, right) => left - right), expected);
    }),
  );
});

Deno.test("seededRandom() draws the deviates of Box and Muller from Python's stream", () => {
  // random.seed(0); u, v = random.random(), random.random(); sqrt(-2 log(1 - u)) cos(2 pi v)
  assertAlmostEquals(seededRandom(0).normal(), 0.09637157846515239, 1e-15);
});

Deno.test("seededRandom() draws standard normal deviates", () => {
  const random = seededRandom(1);
  const drawn = Array.from({ length: 20000 }, random.normal);
  const moment = (power: number) => mean(drawn.map((value) => value ** power));
  assert(Math.abs(moment(1)) < 0.03, `mean ${moment(1)}`);
  assert(Math.abs(moment(2) - 1) < 0.05, `variance ${moment(2)}`);
  assert(Math.abs(moment(3)) < 0.1, `skewness ${moment(3)}`);
  assert(Math.abs(moment(4) - 3) < 0.3, `kurtosis ${moment(4)}`);
});

Deno.test("seededRandom() refuses a seed that is no 32-bit integer", () => {
  for (const seed of [-1, 0.5, 4294967296, NaN]) {
    assertThrows(
      () => seededRandom(seed),
      InputError,
      `Cannot seed the random generator: seed must be an integer in 0..4294967295, got ${seed}`,
    );
  }
});

Deno.test("seededRandom() refuses an empty or unsafe range of integers", () => {
  const random = seededRandom(0);
  for (const [low, high] of [[1, 0], [0.5, 3], [0, 4294967295], [0, NaN]]) {
    assertThrows(() => random.integer(low, high), InputError, "Cannot draw an integer: low..high");
  }
});
