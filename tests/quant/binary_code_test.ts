import { assert, assertAlmostEquals, assertEquals } from "@std/assert";
import { decodePowers, encodePowers } from "../../lib/format/mod.ts";
import { binaryTable, fitBinaryCode, nearestPlace } from "../../lib/quant/binary_code.ts";
import { rivalGoldens } from "./rival_goldens.ts";
import { assertSameNumbers } from "./support.ts";

/** What ShiftAddLLM makes of groups of weights. */
interface BcqCase {
  id: string;
  kind: string;
  bits: number;
  group_size: number;
  rounds: number;
  alphas: string;
}

const { cases, floats, bytes } = rivalGoldens<BcqCase>("shiftadd");
const [rows, columns] = [48, 128];

function roundToPowers(value: number): number {
  const powers = new Uint8Array(3);
  encodePowers(value, powers);
  return decodePowers(powers);
}

for (const { id, bits, group_size, rounds, alphas } of cases.filter(({ kind }) => kind === "bcq")) {
  Deno.test(`fitBinaryCode() finds the factors of the reference: ${id}`, () => {
    const size = group_size > 0 ? group_size : columns;
    const isRounded = alphas !== "not rounded" && rounds > 0;
    const round = isRounded ? roundToPowers : (factor: number) => factor;
    for (let group = 0; group < rows * columns / size; group++) {
      const start = group * size;
      const values = Float64Array.from(floats("weight").subarray(start, start + size));
      const factors = fitBinaryCode(values, { bits, rounds, round });
      const expected = floats(`${id}.alpha`).subarray(group * bits, (group + 1) * bits);
      // A last power may be of what float32 loses: the reference in float64 differs as much.
      const tolerance = isRounded ? 1e-6 : 1e-5;
      factors.forEach((each, i) => assertAlmostEquals(each / expected[i], 1, tolerance));
      if (rounds === 0) continue;
      const table = binaryTable(factors);
      const codes = values.map((value) => table.codes[nearestPlace(value, table)]);
      assertSameNumbers(
        codes,
        bytes(`${id}.bases`).subarray(start, start + size),
        `codes of ${group}`,
      );
    }
  });
}

Deno.test("binaryTable() has all sums in order, with the signs that give them", () => {
  const { values, codes, borders } = binaryTable(Float64Array.of(2, 1));
  assertEquals([...values], [-3, -1, 1, 3]);
  assertEquals([...codes], [0b00, 0b10, 0b01, 0b11]);
  assertEquals([...borders], [-2, 0, 2]);
});

Deno.test("nearestPlace() takes the greater value on a border", () => {
  const table = binaryTable(Float64Array.of(2, 1));
  assertEquals([-9, -2.1, -2, 0, 1.9, 9].map((value) => nearestPlace(value, table)), [
    ...[0, 0, 1, 2, 2, 3],
  ]);
});

Deno.test("fitBinaryCode() gives zeros factors of zero", () => {
  const options = { bits: 3, rounds: 5, round: roundToPowers };
  const factors = fitBinaryCode(new Float64Array(8), options);
  assert(factors.every((factor) => factor === 0));
});
