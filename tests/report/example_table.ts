import type { Table } from "../../lib/report/mod.ts";

/** A table with every kind of cell and with signs that some format must escape. */
export const example: Table = {
  title: "Perplexity of a_b & c",
  columns: ["method", "bits", "PPL", "order|sign", "C4"],
  rows: [
    ["FP16", 16, { value: 5.678, digits: 2 }, "yes", null],
    ['GPTQ, "g128"', 4, { value: 12.3449, low: 11.9, high: 12.8, digits: 2 }, "", {
      value: Infinity,
      digits: 2,
    }],
    ["[x]", 4, { value: 12e6, low: 11e6, high: Infinity, digits: 2 }, "<\nno>", {
      value: -0.5,
      digits: 1,
    }],
  ],
  notes: ["Windows of 2048 tokens, 95 % intervals.", "Cost: $0 ~ {none}."],
};
