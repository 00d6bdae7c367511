import { cpus, release, totalmem, type } from "node:os";
import type { Machine } from "../../experiments/result/bench_record.ts";

/** Extensions of x86-64 and ARM that matrix products are written for, as Linux names them. */
const extensionsThatMatter = [
  ...["avx2", "fma", "avx512f", "avx512_vnni", "avx_vnni", "amx_int8", "amx_bf16"],
  ...["asimd", "asimddp", "i8mm", "sve"],
];

/** Milliseconds in which it is seen how busy a machine is. */
const glance = 500;

/** The share of all processors' time that others take now, 0..1, if the system tells. */
export async function busyShare(): Promise<number | undefined> {
  const before = ticks();
  await new Promise((resolve) => setTimeout(resolve, glance));
  const after = ticks();
  const all = after.all - before.all;
  return all > 0 ? 1 - (after.idle - before.idle) / all : undefined;
}

/** The time that processors have had so far, and that of it in which they had nothing to do. */
function ticks(): { all: number; idle: number } {
  const times = cpus().map(({ times }) => times);
  const sum = (values: number[]) => values.reduce((total, value) => total + value, 0);
  return {
    all: sum(times.flatMap((each) => Object.values(each))),
    idle: sum(times.map(({ idle }) => idle)),
  };
}

/** This machine. Extensions are known on Linux only. */
export async function describeMachine(): Promise<Machine> {
  const flags = new Set((await processorFlags()).split(/\s+/));
  return {
    processor: cpus()[0].model,
    cores: navigator.hardwareConcurrency,
    extensions: extensionsThatMatter.filter((name) => flags.has(name)),
    memoryBytes: totalmem(),
    system: `${type()} ${release()}, ${Deno.build.target}`,
  };
}

async function processorFlags(): Promise<string> {
  try {
    const command = new Deno.Command("lscpu", { stderr: "null", env: { LC_ALL: "C" } });
    const { stdout } = await command.output();
    return new TextDecoder().decode(stdout).match(/^Flags:(.*)$/m)?.[1] ?? "";
  } catch {
    return ""; // not Linux
  }
}
