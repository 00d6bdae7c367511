import { assertEquals } from "@std/assert";
import {
  describeLog2,
  describeTrip,
  describeUniform,
  describeWeight,
} from "../../lib/display/describe_quantized.ts";
import type { Description } from "../../lib/display/mod.ts";
import { quantizeLog2, quantizeUniform, rtn, searchTrip } from "../../lib/quant/mod.ts";

const x = Float32Array.of(-1, -0.5, 0, 0.5, 1, 3);

/** The properties that a table shows. */
const propertiesOf = ({ table }: Description) => Object.fromEntries(table.rows);

Deno.test("describeUniform() shows the grid and how its codes are used", () => {
  const description = describeUniform(
    quantizeUniform(x, { bits: 3, channels: 1, granularity: "tensor" }),
  );
  assertEquals(propertiesOf(description), {
    bits: "3",
    profile: "paper",
    codes: "0..7",
    scales: "1",
    scale: "0.5714", // 4 / 7
    "zero point": "2",
    values: "6",
    "codes in use": "6 of 8",
    "values at the lowest or highest code": "33.33 %",
  });
  assertEquals(description.bars, {
    title: "values per code",
    ends: ["0", "7"],
    values: [1, 1, 1, 1, 1, 0, 0, 1], // -1.75, -0.875, 0, 0.875, 1.75 and 5.25 steps from code 2
  });
});

Deno.test("describeUniform() shows the span of scales per channel, and signed codes", () => {
  const options = { bits: 8, channels: 2, granularity: "channel", signed: true } as const;
  const description = describeUniform(quantizeUniform(x, options));
  const { codes, scales, scale } = propertiesOf(description);
  assertEquals([codes, scales, scale], ["-128..127", "2", "0.007843..0.01373"]); // 2 and 3.5 / 255
  assertEquals(description.bars?.ends, ["-128", "127"]);
  assertEquals(description.bars?.values.reduce((sum, count) => sum + count), x.length);
});

Deno.test("describeLog2() shows the levels and how many values became 0", () => {
  const description = describeLog2(
    quantizeLog2(Float32Array.of(1, 0.5, 0.24, 0), { bits: 4, profile: "released" }),
  );
  assertEquals(propertiesOf(description), {
    bits: "4",
    profile: "released",
    "code 0 stands for": "1",
    values: "4",
    "codes in use": "4 of 17",
    "values that became 0": "25.00 %",
  });
  assertEquals(description.bars?.values, [1, 1, 1, ...Array(13).fill(0), 1]);
  const scaled = describeLog2(quantizeLog2(Float32Array.of(3.14159), { bits: 2 }));
  assertEquals(propertiesOf(scaled)["code 0 stands for"], "3.142");
});

Deno.test("describeTrip() counts the channels of each power of two", () => {
  const params = searchTrip(Float32Array.of(1, 100, -1, -100), { channels: 2, bits: 8, K: 3 });
  const { table, bars } = describeTrip(params);
  assertEquals(table.title, "TRIP: 8 bits, K = 3, 2 channels");
  assertEquals(table.rows, [
    ["0", "0.09804", 1, { value: 50, digits: 2 }], // 200 / 255 / 2^3
    ["1", "0.1961", 0, { value: 0, digits: 2 }],
    ["2", "0.3922", 0, { value: 0, digits: 2 }],
    ["3", "0.7843", 1, { value: 50, digits: 2 }],
  ]);
  assertEquals(bars?.values, [0, 3]);
});

Deno.test("describeTrip() compares the error of the chosen powers with that of one step", () => {
  const params = searchTrip(Float32Array.of(1, 100, -1, -99), { channels: 2, bits: 4, K: 2 });
  const { alpha, scores } = params;
  const chosen = (scores[alpha[0]] + scores[3 + alpha[1]]) / 2;
  const coarse = (scores[2] + scores[5]) / 2;
  assertEquals(describeTrip(params).table.notes, [
    `Mean squared error ${chosen.toPrecision(4)}; with one step for all channels ` +
    `${coarse.toPrecision(4)}.`,
  ]);
});

Deno.test("describeWeight() shows shape, groups and scales of a weight, and its codes", () => {
  const format = { bits: 4, groupSize: 2, symmetric: false, range: "minmax" } as const;
  const description = describeWeight(rtn(x, { rows: 2, columns: 3, ...format }));
  assertEquals(propertiesOf(description), {
    "rows x columns": "2 x 3",
    "groups per row": "2",
    "bits per weight, all counted": "28.000", // 3 bytes of codes, 2 of zero points, 16 of scales
    scale: "0.06667..0.2000", // a fifteenth of -1..0, -1..1 as 0 is alone, 0..1 and 0..3
    values: "6",
    "codes in use": "4 of 16", // 0, 7, 8, 8, 15 and 15
  });
  assertEquals(description.bars?.ends, ["0", "15"]);
});
