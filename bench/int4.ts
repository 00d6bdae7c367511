import type { BenchRecord } from "../experiments/result/bench_record.ts";
import { kernelRows } from "../experiments/result/int4_speed.ts";
import { kernelTables } from "../experiments/tables/kernel_tables.ts";
import {
  instructionsPerProduct,
  int4Kernels,
  type KernelFacts,
} from "./contenders/int4_kernels.ts";
import { agilePeer } from "./contenders/specs.ts";
import type { Heat, LocalContender, Suite } from "./harness/suite.ts";
import { time } from "./harness/turn.ts";
import * as peers from "./int4_peers.wasm";

/** Of every product: activations and outputs. Kernels tile them by 4, and by 4, 8 or 16. */
const shape = { rows: 256, outputs: 256 };

/** Those of attention heads, and of linear layers. */
const depths = [32, 64, 128, 768, 4096];

/** Sixteen cycles each. */
const clockRounds = 1e6;

/**
 * Matrix products on one thread: figure 5's lane packing beside integers and floats of the same
 * instruction level. Kernels find their operands laid out in panels, which is not timed; native layers
 * do not, and quantize their activations besides. The clock, additions that wait for each other, makes cycles of the times.
 */
export const int4: Suite = {
  description: "lane-packed INT4 products beside int8 and float32 ones, per instruction level",
  async run(bench) {
    await bench.withPeers([agilePeer("native", 1)], async (natives) => {
      const heats = (bench.options.quick ? depths.slice(1, 3) : depths).map((depth): Heat => {
        const job = { kind: "panels", ...shape, depth };
        return [
          { job: { kind: "clock", cycles: 16 * clockRounds, depth }, contender: clock },
          ...int4Kernels.map((kernel) => ({ job, contender: contenderOf(kernel) })),
          ...natives.flatMap((contender) =>
            ["int8", "float32"].map((numbers) => (
              { job: { ...job, kind: "product", columns: depth, numbers }, contender }
            ))
          ),
        ];
      });
      await bench.measure("matrix products", heats, { instructions: "per product" });
    });
  },
  tables: (record: BenchRecord) => kernelTables(kernelRows(record)),
};

const clock: LocalContender = {
  name: "clock",
  facts: { library: "additions that wait for each other", level: "plain SIMD", threads: 1 },
  prepare: () => async () => ({ time: await time(() => peers.waitRounds(clockRounds, 1n, 3n)) }),
};

function contenderOf(kernel: KernelFacts): LocalContender {
  const { name, level, prepare } = kernel;
  return {
    name,
    facts: { library: "WebAssembly", level, threads: 1 },
    prepare({ rows, outputs, depth }) {
      const multiply = prepare(Number(rows), Number(outputs), Number(depth));
      const instructions = instructionsPerProduct(kernel);
      return async () => ({ time: await time(multiply), instructions });
    },
  };
}
