import { assert, assertEquals, assertThrows } from "@std/assert";
import { InputError } from "../../lib/core/mod.ts";
import { decodeMatrix, typedMatrix } from "../../lib/format/mod.ts";
import { bitMod, bitModTypes } from "../../lib/quant/mod.ts";
import { assertSameNumbers, goldenTensors } from "./support.ts";

const fixtures = Deno.env.get("AGILE_QUANT_FIXTURES");
const golden = goldenTensors("bitmod", "rivals");

function compare({ floats, integers, has, shape }: typeof golden, id: string): void {
  const [, size, bits, groupSize] = /^(\w+)\.w(\d)_g(\d+)$/.exec(id)!;
  const weight = floats(`${size}.weight`);
  const [rows, columns] = shape(`${size}.weight`);
  const options = { bits: Number(bits), groupSize: Number(groupSize) };
  const { codes, scales, choice, types } = bitMod(weight, columns, options);
  assertSameNumbers(choice, integers(`${id}.datatype`), `${id}: choice`);
  const groups = columns / options.groupSize;
  assertSameNumbers(scales.decode(0, rows, groups), floats(`${id}.scale`), `${id}: scale`);
  assertSameNumbers(codes, integers(`${id}.codes`), `${id}: code`);
  if (!has(`${id}.dequant`)) return;
  const parts = { rows, columns, codes, scales, choice, types, groupSize: options.groupSize };
  const values = decodeMatrix(typedMatrix(parts)).map((value) => Math.f16round(value));
  assertSameNumbers(values, floats(`${id}.dequant`), `${id}: value`);
}

for (const id of ["small.w3_g128", "small.w4_g32", "large.w4_g128", "large.w3_g32"]) {
  Deno.test(`bitMod() chooses, scales and codes as the authors' code: ${id}`, () =>
    compare(golden, id));
}

Deno.test({
  name: "bitMod() equals the authors' code on all its vectors",
  ignore: fixtures === undefined,
  async fn() {
    const all = goldenTensors("bitmod", `${fixtures}/rivals`);
    const { cases } = JSON.parse(await Deno.readTextFile(`${fixtures}/rivals/bitmod.json`));
    for (const { id } of cases) compare(all, id);
  },
});

Deno.test("bitModTypes() are those of the authors' code", () => {
  const [[three], [, , , four]] = [3, 4].map((bits) => bitModTypes(bits));
  assertEquals([...three.values], [-4, -2, -1, 0, 1, 2, 3, 4]);
  const values = [-16, -12, -8, -6, -4, -3, -2, -1, 0, 1, 2, 3, 4, 6, 8, 12];
  assertEquals([...four.values], values);
  assertEquals([three.encode(2.5), four.encode(-14)], [5, 0]); // ties go to the lower
});

Deno.test("bitMod() keeps zeros, and groups whose errors F16 does not have", () => {
  const zeros = bitMod(new Float32Array(4), 4, { bits: 4, groupSize: "row" });
  assertEquals([...zeros.codes].map((code) => zeros.types[0].values[code]), [0, 0, 0, 0]);
  const weight = Float32Array.of(65504, -30000, 12345, 1);
  const { codes, scales, types, choice } = bitMod(weight, 4, { bits: 4, groupSize: 4 });
  const [scale] = scales.decode(0, 1, 1);
  assert(Math.abs(types[choice[0]].values[codes[0]] * scale - 65504) < 1000);
});

Deno.test("bitMod() refuses five bits, groups of nothing and weights beyond F16", () => {
  const refuses = (bits: number, groupSize: number, value: number, rule: string) =>
    assertThrows(
      () => bitMod(Float32Array.of(value, 1), 2, { bits, groupSize }, "query"),
      InputError,
      `Cannot quantize query: ${rule}`,
    );
  refuses(5, 2, 1, "bits of BitMoD must be 3 or 4, got 5");
  refuses(4, 0, 1, 'groupSize must be a positive integer or "row", got 0');
  refuses(4, 2, 1e6, "element 0 must be finite, got Infinity");
});
