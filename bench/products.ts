import type { BenchRecord, Measurement } from "../experiments/result/bench_record.ts";
import type { Table, TableCell } from "../lib/report/mod.ts";
import {
  agilePeer,
  onnxruntimePeer,
  peakPeer,
  pytorchPeer,
  tensorflowPeer,
} from "./contenders/specs.ts";
import type { Peer, PeerSpec } from "./harness/peer.ts";
import type { Heat, Suite } from "./harness/suite.ts";
import type { ProductJob } from "./jobs/product.ts";
import { ratioTable } from "./product_ratios.ts";

const layers = [{ columns: 768, outputs: 3072 }, { columns: 4096, outputs: 4096 }];
const kinds: ProductJob["numbers"][] = ["float32", "int8", "int4"];

/** Seconds of a quick look at one layer. */
const quickSeconds = 20;

/** Seconds after which a layer has been looked at closely enough. */
const fullSeconds = 60;

/** Operations of one run of a register loop. */
const peakOperations = 4e9;

/** Linear layers of decoding, short prompts and windows beside other engines. */
export const products: Suite = {
  description: "linear layers in float32, int8 and int4 beside other engines",
  omitted: "float32; the layer of 768 x 3072; one thread; WebAssembly, PyTorch and TensorFlow.js",
  async run(bench) {
    const { quick } = bench.options;
    const all = navigator.hardwareConcurrency;
    const specs = quick ? quickContenders(all) : contenders(all);
    await bench.withPeers(specs, async (peers) => {
      const loops = peers.filter(({ facts }) => facts.library === "register loop");
      const engines = peers.filter((peer) =>
        quick ? peer.facts.level === "native" : !loops.includes(peer)
      );
      const peaks = ["float32", "int8"].flatMap((numbers) =>
        loops.map((contender) => (
          { job: { kind: "peak", numbers, operations: peakOperations }, contender }
        ))
      );
      // All of a layer at once: contenders make its weights but once.
      const heats = (quick ? layers.slice(-1) : layers).map((layer): Heat =>
        (quick ? kinds.slice(1) : kinds).flatMap((numbers) =>
          [1, 128, 2048].flatMap((rows) => {
            const job = { kind: "product", rows, ...layer, numbers };
            return engines.filter((peer) => takesPart(peer, job, all))
              .map((contender) => ({ job, contender }));
          })
        )
      );
      const seconds = quick ? quickSeconds : fullSeconds;
      await bench.measure("linear layers", quick ? heats : [peaks, ...heats], {}, seconds);
    });
  },
  tables: (record) => [
    ...kinds.map((numbers) => productTable(record, numbers)).filter(({ rows }) => rows.length > 0),
    ...record.quick ? [] : [ratioTable(record)],
  ],
};

function contenders(all: number): PeerSpec[] {
  const specs = [...new Set([1, all])].flatMap((threads) => [
    peakPeer("plain SIMD", threads),
    peakPeer("relaxed SIMD", threads),
    agilePeer("plain SIMD", threads),
    agilePeer("relaxed SIMD", threads),
    agilePeer("native", threads),
    onnxruntimePeer(threads),
    pytorchPeer(threads),
  ]);
  return [...specs, tensorflowPeer()];
}

/** Those that targets speak of, and our own WebAssembly, which shows whether they are broken. */
function quickContenders(threads: number): PeerSpec[] {
  return [
    agilePeer("relaxed SIMD", threads),
    agilePeer("native", threads),
    onnxruntimePeer(threads),
  ];
}

/** Only float32 is everyone's; and large products would take slow contenders too long. */
function takesPart({ facts }: Peer, { numbers, rows, columns }: ProductJob, all: number): boolean {
  const floatsOnly = /^(PyTorch|TensorFlow)/.test(facts.library);
  if (floatsOnly && numbers !== "float32") return false;
  if (columns * rows <= 2048 * 768) return true;
  return facts.threads === all && facts.level === "native";
}

/** Rows of contenders; per shape the time and the billions of operations per second. */
function productTable(record: BenchRecord, numbers: ProductJob["numbers"]): Table {
  const measured = record.measurements.filter(({ job }) => job.numbers === numbers);
  const shapes = [...new Set(measured.map(({ job }) => shapeOf(job)))];
  const contenders = [...new Set(measured.map(({ contender }) => contender))];
  const cell = (contender: string, shape: string): TableCell => {
    const found = measured.find((each) =>
      each.contender === contender && shapeOf(each.job) === shape
    );
    return found ? { value: rate(found), digits: 1 } : null;
  };
  return {
    title: `Linear layers, ${numbers}: billions of operations per second`,
    columns: ["contender", ...shapes],
    rows: contenders.map((contender) => [
      contender,
      ...shapes.map((shape) => cell(contender, shape)),
    ]),
  };
}

function shapeOf({ kind, rows, columns, outputs }: Measurement["job"]): string {
  return kind === "peak" ? "registers" : `${rows} x ${columns} x ${outputs}`;
}

/** Billions of operations per second: two for each multiplication and addition. */
function rate({ job, median }: Measurement): number {
  const { operations = 2 * Number(job.rows) * Number(job.columns) * Number(job.outputs) } = job;
  return Number(operations) / median / 1e6;
}
