import { assertEquals } from "@std/assert";
import fc from "fast-check";
import { dotInt4, packWeights, type RegisterState, traceDotInt4 } from "../../lib/int4/mod.ts";
import { operands } from "./reference.ts";

/** `step name value`, hexadecimal. */
const line = ({ step, name, bits, value }: RegisterState) =>
  `${step} ${name} ${value.toString(16).padStart(bits / 4, "0")}`;

Deno.test("traceDotInt4() shows every register of a signed dot product", () => {
  const weights = packWeights(Uint8Array.of(15, 1, 10, 7), { rows: 2, columns: 2, zeroPoint: 8 });
  const trace = traceDotInt4(Uint8Array.of(3, 15), weights, 0, { activationZeroPoint: 8 });
  assertEquals(trace.map(line), [
    "0 weights 0f01",
    "0 activation 3",
    "0 products 2d03",
    "0 lanes 002d0003",
    "0 accumulator 002d0003",
    "0 activationSum 00000003",
    "1 weights 0a07",
    "1 activation f",
    "1 products 9669",
    "1 lanes 00960069",
    "1 accumulator 00c3006c",
    "1 activationSum 00000012",
    "1 firstTotal 000000c3",
    "1 secondTotal 0000006c",
    "2 firstCorrection 000000d8", // 8 * 18 + 8 * 25 - 2 * 64 = 216
    "2 firstResult ffffffeb", // 7 * -5 + 2 * 7 = -21
    "2 secondCorrection 00000050", // 8 * 18 + 8 * 8 - 2 * 64 = 80
    "2 secondResult 0000001c", // -7 * -5 + -1 * 7 = 28
  ]);
});

Deno.test("traceDotInt4() names the fields of a register from the highest bit down", () => {
  const weights = packWeights(Uint8Array.of(15, 1), { rows: 1, columns: 2 });
  const trace = traceDotInt4(Uint8Array.of(15), weights, 0);
  assertEquals(trace.find(({ name }) => name === "lanes"), {
    step: 0,
    name: "lanes",
    bits: 32,
    value: 0x00e1000f,
    fields: [
      { name: "0", bits: 8, value: 0 },
      { name: "p_i", bits: 8, value: 225 },
      { name: "0", bits: 8, value: 0 },
      { name: "p_(i+1)", bits: 8, value: 15 },
    ],
  });
});

Deno.test("traceDotInt4() has registers that are the sum of their fields, and ends in the result", () => {
  const overflows = fc.constantFrom("spill" as const, "wrap" as const);
  const property = fc.property(
    operands({ m: 1, k: [255, 600], n: 4 }),
    overflows,
    (drawn, overflow) => {
      const { k, n, activations, weights, activationZeroPoint, weightZeroPoint } = drawn;
      const packed = packWeights(weights, { rows: k, columns: n, zeroPoint: weightZeroPoint });
      const how = { activationZeroPoint, overflow };
      const pair = Math.ceil(n / 2) - 1;
      const trace = traceDotInt4(activations, packed, pair, how);
      for (const { bits, value, fields } of trace) {
        const joined = fields.map(({ bits, value }) => value.toString(2).padStart(bits, "0"));
        assertEquals(joined.join(""), value.toString(2).padStart(bits, "0"));
      }
      const results = trace.filter(({ name }) => name.endsWith("Result"));
      assertEquals(results.map(({ value }) => value | 0), dotInt4(activations, packed, pair, how));
    },
  );
  fc.assert(property, { numRuns: 10 });
});

Deno.test("traceDotInt4() spills after each 256 rows and after the last", () => {
  const weights = packWeights(new Uint8Array(600).fill(15), { rows: 600, columns: 1 });
  const trace = traceDotInt4(new Uint8Array(600).fill(15), weights, 0);
  const totals = trace.filter(({ name }) => name === "firstTotal");
  assertEquals(totals.map(({ step, value }) => [step, value]), [
    [255, 57600],
    [511, 115200],
    [599, 135000],
  ]);
  const after = trace.find(({ step, name }) => step === 256 && name === "accumulator");
  assertEquals(after?.value, 225 * 2 ** 16);
});

Deno.test("traceDotInt4() shows the carry of an overflow", () => {
  const weights = packWeights(new Uint8Array(584).fill(15), { rows: 292, columns: 2 });
  const trace = traceDotInt4(new Uint8Array(292).fill(15), weights, 0, { overflow: "wrap" });
  const accumulators = trace.filter(({ name }) => name === "accumulator");
  assertEquals(accumulators.slice(-2).map(({ fields }) => fields.map(({ value }) => value)), [
    [65475, 65475],
    [165, 164],
  ]);
});
