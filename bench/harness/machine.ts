import { cpus, release, totalmem, type } from "node:os";
import type { Machine } from "../../experiments/result/bench_record.ts";

/** Extensions of x86-64 and ARM that matrix products are written for, as Linux names them. */
const extensionsThatMatter = [
  ...["avx2", "fma", "avx512f", "avx512_vnni", "avx_vnni", "amx_int8", "amx_bf16"],
  ...["asimd", "asimddp", "i8mm", "sve"],
];

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
