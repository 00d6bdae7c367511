import { assertEquals } from "@std/assert";
import { Bench, type LocalContender } from "../../bench/harness/suite.ts";
import { refuse, silent } from "../../lib/core/mod.ts";

const { signal } = new AbortController();
const machine = { processor: "", cores: 2, extensions: [], memoryBytes: 1, system: "" };
const options = { quick: false, machine, runs: 5, progress: silent, signal };

const facts = { library: "a test", level: null, threads: 1 };

const quadratic: LocalContender = {
  name: "quadratic",
  facts,
  prepare: ({ size }) => () => ({ time: Number(size) ** 2, memory: Number(size) }),
};

const reluctant: LocalContender = {
  name: "reluctant",
  facts,
  prepare: ({ size }) => size === 2 ? refuse("run", "size must be odd", size) : () => ({ time: 1 }),
};

Deno.test("Bench.measure() notes every quantity with its unit, and who could not take part", async () => {
  const bench = new Bench(options);
  const heats = [1, 2].map((size) =>
    [quadratic, reluctant].map((contender) => ({ job: { size }, contender }))
  );
  await bench.measure("a test", heats, { memory: "bytes" });
  assertEquals(
    bench.measurements.map(({ job, contender, quantity, unit, median, runs }) =>
      [job.size, contender, quantity, unit, median, runs].join(" ")
    ),
    [
      "1 quadratic time ms 1 5",
      "1 quadratic memory bytes 1 5",
      "1 reluctant time ms 1 5",
      "2 quadratic time ms 4 5",
      "2 quadratic memory bytes 2 5",
    ],
  );
  assertEquals(bench.contenders, { quadratic: facts, reluctant: facts });
  assertEquals(bench.missing, [
    { contender: "reluctant", reason: "Cannot run: size must be odd, got 2" },
  ]);
});

Deno.test("Bench.measure() warms up with lighter jobs where there are some", async () => {
  const sizes: unknown[] = [];
  const contender: LocalContender = {
    ...{ name: "writing", facts },
    prepare: ({ size }) => () => {
      sizes.push(size);
      return { time: 1 };
    },
  };
  const bench = new Bench(options);
  await bench.measure("a test", [[
    { job: { size: 9 }, warmUp: { size: 1 }, contender },
    { job: { size: 8 }, contender },
  ]]);
  assertEquals(new Set(sizes.splice(0, sizes.length - 10)), new Set([1, 8]));
  assertEquals(sizes, [9, 8, 9, 8, 9, 8, 9, 8, 9, 8]);
  assertEquals(bench.measurements.map(({ job }) => job.size), [9, 8]);
});

Deno.test("Bench.measure() keeps the heats before an interruption", async () => {
  const controller = new AbortController();
  const bench = new Bench({ ...options, signal: controller.signal });
  const interrupting: LocalContender = {
    name: "interrupting",
    facts,
    prepare: ({ size }) => () => {
      if (size === 2) controller.abort("enough");
      return { time: 1 };
    },
  };
  const heats = [1, 2, 3].map((size) => [{ job: { size }, contender: interrupting }]);
  const reason = await bench.measure("a test", heats).catch((reason) => reason);
  assertEquals(reason, "enough");
  assertEquals(bench.measurements.map(({ job }) => job.size), [1]);
});

Deno.test("Bench.withPeers() leaves out engines that are slower than our own WebAssembly", async () => {
  const bench = new Bench(options);
  const echo = (name: string, level: string, time: number) => ({
    name,
    command: [
      ...[Deno.execPath(), "run", "-q"],
      ...[new URL("echo_peer.ts", import.meta.url).pathname, level],
    ],
    probe: { job: { time }, operations: 1e9 },
  });
  const specs = [
    echo("agile", "relaxed SIMD", 20),
    echo("old PyTorch", "native", 300),
    echo("PyTorch", "native", 10),
  ];
  const names = await bench.withPeers(
    specs,
    (peers) => Promise.resolve(peers.map(({ name }) => name)),
  );
  assertEquals(names, ["agile", "PyTorch"]);
  assertEquals(bench.missing.map(({ contender }) => contender), ["old PyTorch"]);
});

Deno.test("Bench.withPeers() goes on without those that do not start", async () => {
  const bench = new Bench(options);
  const specs = [{ name: "PyTorch", command: ["no-such-python"] }];
  assertEquals(await bench.withPeers(specs, (peers) => Promise.resolve(peers.length)), 0);
  assertEquals(bench.missing.map(({ contender }) => contender), ["PyTorch"]);
});
