import { assertEquals, assertThrows } from "@std/assert";
import { InputError } from "../../lib/core/mod.ts";
import { groupScales, type ScaleOptions } from "../../lib/quant/scale_rules.ts";

/** E2M1's. */
const range = { max: 6, maxExponent: 2 };

/** What two rows of two groups reach, and what they get. */
const scalesOf = (
  options: ScaleOptions,
  reached = [6, 0.75, 12, 0],
) => [...groupScales(Float32Array.from(reached), 2, range, options, "weight").decode(0, 2, 2)];

Deno.test("groupScales() gives the greatest value of the type to what is reached", () => {
  assertEquals(scalesOf({ scales: "absmax" }), [1, 0.125, 2, 2 ** -149]);
  const half = scalesOf({ scales: "absmax", scaleDtype: "F16" }, [0.6, 6, 6, 0]);
  assertEquals(half, [Math.f16round(0.1), 1, 1, 2 ** -24]);
});

Deno.test("groupScales() shares the exponent of what is reached, rounded down", () => {
  assertEquals(scalesOf({ scales: "shared" }, [4, 7.9, 8, 0]), [1, 1, 2, 2 ** -127]);
});

Deno.test("groupScales() rounds scales to powers of two", () => {
  const reached = [6, 6.5, 8, 11];
  assertEquals(scalesOf({ scales: "powers" }, reached), [1, 2, 2, 2]);
  assertEquals(scalesOf({ scales: "powers", exponents: "floor" }, reached), [1, 1, 1, 1]);
  assertEquals(scalesOf({ scales: "powers", exponents: "nearest" }, reached), [1, 1, 1, 2]);
});

Deno.test("groupScales() divides the largest of a row by powers of two, rounded up as printed", () => {
  const reached = [9, 4, 6, 3];
  const of = (exponents: ScaleOptions["exponents"]) =>
    scalesOf({ scales: "powersOfLargest", exponents }, reached);
  assertEquals(of("ceil"), [1.5, 0.375, 1, 0.5]); // 4 then needs 4 / 6 and has less
  assertEquals(of("floor"), [1.5, 0.75, 1, 0.5]);
  assertEquals(of("nearest"), [1.5, 0.75, 1, 0.5]);
  assertEquals(of(undefined), of("ceil"));
});

Deno.test("groupScales() refuses scales beyond their type", () => {
  const rule = "Cannot quantize weight: the width of its range must fit scales of F16";
  const scale = () => scalesOf({ scales: "absmax", scaleDtype: "F16" }, [1e6, 1, 1, 1]);
  assertThrows(scale, InputError, rule);
  const wide = () => scalesOf({ scales: "powers" }, [1, 1, 3e38, 1]);
  assertThrows(wide, InputError, "Cannot quantize weight: the width of its range must fit float32");
  assertEquals(scalesOf({ scales: "shared" }, [1, 1, 3e38, 1])[2], 2 ** 125);
});
