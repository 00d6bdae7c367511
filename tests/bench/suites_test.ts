import { assertEquals } from "@std/assert";
import { Bench, type Heat } from "../../bench/harness/suite.ts";
import type { Peer, PeerSpec } from "../../bench/harness/peer.ts";
import { engineOf, judge } from "../../bench/harness/target.ts";
import { headlineSuites, suites } from "../../bench/suites.ts";
import { targets } from "../../bench/targets.ts";
import {
  type BenchRecord,
  instructionLevels,
  type Machine,
} from "../../experiments/result/bench_record.ts";
import { silent } from "../../lib/core/mod.ts";

/** A bench whose peers are all there, and take a millisecond for anything. */
class Rehearsal extends Bench {
  override withPeers<Result>(specs: PeerSpec[], work: (peers: Peer[]) => Promise<Result>) {
    return work(specs.map(({ name }): Peer => ({
      name,
      facts: {
        library: engineOf(name),
        level: instructionLevels.find((level) => name.includes(level)) ?? "native",
        threads: Number(name.match(/(\d+) thread/)![1]),
      },
      prepare: () => Promise.resolve(() => ({ time: 1 })),
      clear: () => Promise.resolve(),
      stop: () => Promise.resolve(),
    })));
  }

  override measure(_label: string, heats: Heat[]): Promise<void> {
    for (const { job, contender: { name: contender, facts } } of heats.flat()) {
      this.contenders[contender] = facts;
      const summary = { median: 1, low: 1, high: 1, runs: 5 };
      this.measurements.push({ job, contender, quantity: "time", unit: "ms", ...summary });
    }
    return Promise.resolve();
  }
}

function machineWith(...extensions: string[]): Machine {
  const cores = navigator.hardwareConcurrency;
  return { processor: "", cores, extensions, memoryBytes: 1, system: "" };
}

/** The targets that the headline suites' plans have no figures for, and why. */
async function unmeasured(machine: Machine, quick: boolean): Promise<string[]> {
  const { signal } = new AbortController();
  const found: string[] = [];
  let judged = 0;
  for (const name of headlineSuites) {
    const bench = new Rehearsal({ quick, machine, runs: 5, progress: silent, signal });
    await suites[name].run(bench);
    const { contenders, measurements, missing } = bench;
    const record: BenchRecord = {
      ...{ suite: name, machine, versions: {}, commit: null, started: "", seconds: 1 },
      ...{ quick, complete: true, contenders, measurements, missing },
    };
    const judgements = judge(targets, record);
    judged += judgements.length;
    for (const { target: { fast: { engine, job } }, verdict, reason } of judgements) {
      if (verdict !== "not measured") continue;
      found.push([engine, job.kind, job.outputs, reason].join(", "));
    }
  }
  const withoutAim = machine.extensions.includes("amx_int8") ? 0 : 1;
  assertEquals(judged, targets.length - withoutAim);
  return found;
}

for (const extension of ["amx_int8", "avx512_vnni"]) {
  const machine = machineWith(extension);

  Deno.test(`headlineSuites measure every target, but those named in a quick look, with ${extension}`, async () => {
    assertEquals(await unmeasured(machine, false), []);
    assertEquals(await unmeasured(machine, true), [
      "agile native, gptq, 4096, only in the full suite",
      "agile relaxed SIMD, gptq, 4096, only in the full suite",
    ]);
  });
}
