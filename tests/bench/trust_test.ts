import { assertEquals } from "@std/assert";
import type { Peer } from "../../bench/harness/peer.ts";
import { doubtAbout, doubtsAbout } from "../../bench/harness/trust.ts";
import type { ContenderFacts } from "../../experiments/result/bench_record.ts";
import { refuse } from "../../lib/core/mod.ts";

const job = { kind: "product", rows: 8 };
const operations = 1e9;

/** A peer that takes so many milliseconds for a billion operations, or refuses. */
function peer(name: string, facts: Partial<ContenderFacts>, time?: number): Peer {
  return {
    ...{ name, probe: { job, operations } },
    facts: { library: `lib${name}`, level: "native", threads: 2, ...facts },
    prepare: () =>
      Promise.resolve(
        time === undefined ? refuse("run a job", "kind must be x") : () => ({ time }),
      ),
    clear: () => Promise.resolve(),
    stop: () => Promise.resolve(),
  };
}

const portable = peer("agile relaxed SIMD", { level: "relaxed SIMD" }, 20); // 50 billion a second

Deno.test("doubtsAbout() names engines at less than half of the rate of our own WebAssembly", async () => {
  const broken = peer("old PyTorch", {}, 333);
  const slow = peer("slow", {}, 39);
  const refusing = peer("refusing", {});
  const doubts = await doubtsAbout([broken, slow, refusing, portable]);
  assertEquals([...doubts].map(([{ name }, reason]) => [name, reason]), [
    ["refusing", "Cannot run a job: kind must be x"],
    [
      "old PyTorch",
      "Cannot compare with old PyTorch (libold PyTorch): a peer must reach 50 % of the 50.0 " +
      "billion operations per second of this suite's own WebAssembly, got 3.0",
    ],
  ]);
});

Deno.test("doubtsAbout() compares with as many threads as an engine has", async () => {
  const [alone, both] = [1, 2].map((threads) => peer("PyTorch", { threads }, 70));
  assertEquals([...(await doubtsAbout([portable, alone, both])).keys()], [both]);
});

Deno.test("doubtsAbout() looks at nothing without a probe, or without a measure", async () => {
  const broken = peer("old PyTorch", {}, 1e6);
  assertEquals((await doubtsAbout([broken])).size, 0);
  assertEquals((await doubtsAbout([broken, { ...portable, probe: undefined }])).size, 0);
  assertEquals((await doubtsAbout([portable, { ...broken, probe: undefined }])).size, 0);
  const silent = { ...peer("agile relaxed SIMD", { level: "relaxed SIMD" }) };
  assertEquals([...(await doubtsAbout([silent, broken])).keys()], [silent]);
});

Deno.test("doubtAbout() has none about half of the rate", () => {
  assertEquals(doubtAbout(peer("PyTorch", {}), 25, 50), undefined);
});
