import { type BenchRecord, type Measurement, select } from "../experiments/result/bench_record.ts";
import type { Table, TableCell } from "../lib/report/mod.ts";
import { contenderName } from "./contenders/specs.ts";
import type { ProductJob } from "./jobs/product.ts";

/** The shape at which engines are compared: the largest layer of OPT-125M on a whole window. */
const shape = { rows: 2048, columns: 768, outputs: 3072 };

/** Whose time is how many times that of whom, and how many it should be. */
interface Comparison {
  slow: [contender: string, numbers: ProductJob["numbers"]];
  fast: [contender: string, numbers: ProductJob["numbers"]];
  aim: number;
}

function comparisons(all: number): Comparison[] {
  const native = contenderName("agile native", all);
  const relaxed = contenderName("agile relaxed SIMD", all);
  const alone = contenderName("agile relaxed SIMD", 1);
  const onnxruntime = contenderName("onnxruntime", all);
  const pytorch = contenderName("PyTorch", all);
  const tensorflow = contenderName("TensorFlow.js wasm", 1);
  return [
    { slow: [pytorch, "float32"], fast: [native, "float32"], aim: 0.9 },
    { slow: [onnxruntime, "float32"], fast: [native, "float32"], aim: 0.9 },
    { slow: [onnxruntime, "int8"], fast: [native, "int8"], aim: 1 },
    { slow: [tensorflow, "float32"], fast: [alone, "float32"], aim: 1.5 },
    { slow: [alone, "float32"], fast: [relaxed, "float32"], aim: 1.8 },
    { slow: [relaxed, "float32"], fast: [relaxed, "int8"], aim: 3 },
    { slow: [relaxed, "float32"], fast: [relaxed, "int4"], aim: 3 },
  ];
}

/** What the suite aims at, and how far it is. */
export function ratioTable(record: BenchRecord): Table {
  const find = ([contender, numbers]: Comparison["slow"]) =>
    select(record, { ...shape, numbers }, "time").find((each) => each.contender === contender);
  return {
    title: `Times as fast, at ${shape.rows} x ${shape.columns} x ${shape.outputs}`,
    columns: ["fast", "slow", "ratio", "aim"],
    rows: comparisons(record.machine.cores).map(({ slow, fast, aim }) => [
      fast.join(", "),
      slow.join(", "),
      ratio(find(slow), find(fast)),
      aim,
    ]),
  };
}

function ratio(slow?: Measurement, fast?: Measurement): TableCell {
  if (!slow || !fast) return null;
  return {
    value: slow.median / fast.median,
    low: slow.low / fast.high,
    high: slow.high / fast.low,
    digits: 2,
  };
}
