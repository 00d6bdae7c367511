import { assertEquals, assertMatch, assertRejects } from "@std/assert";
import { fuzzInProcess, type Watch } from "../../tools/fuzz/fuzz_process.ts";
import { withFolder } from "../io/temporary_folder.ts";

/** Starts a program that does this with its task in the place of the worker with all readers. */
function watched(folder: string, code: string, others: Partial<Watch> = {}) {
  const program = new URL(`data:text/javascript,${encodeURIComponent(code)}`);
  const watch = { deno: Deno.execPath(), patience: 3, program, ...others };
  const task = { name: "any", seed: 1, runs: 9, folder };
  return fuzzInProcess(task, { file: "a" }, watch);
}

const say = "const say = (event) => console.log(JSON.stringify(event));";
const cost = { making: 1, writing: 2, reading: 3 };

Deno.test("fuzzInProcess() gives what the process found", () =>
  withFolder(async (folder) => {
    const heard: number[] = [];
    const fuzzed = { inputs: 9, accepted: 4, cost };
    const failure = { input: "AQI=", complaint: "threw" };
    const code = `${say} say({ inputs: 3 }); say(${JSON.stringify({ fuzzed, failure })});`;
    const hear = (inputs: number) => heard.push(inputs);
    assertEquals(await watched(folder, code, { hear }), {
      ...fuzzed,
      failure: { input: Uint8Array.of(1, 2), complaint: "threw" },
    });
    assertEquals(heard, [3]);
  }));

Deno.test("fuzzInProcess() finds the input that ends the process, and the one that has no end", () =>
  withFolder(async (folder) => {
    await Deno.writeTextFile(`${folder}/a`, "input");
    const input = new TextEncoder().encode("input");
    const ended = await watched(folder, `${say} say({ inputs: 3 }); throw new Error("no more");`);
    assertEquals([ended.inputs, ended.failure!.input], [4, input]);
    assertMatch(ended.failure!.complaint, /^ended the process: exit status 1: error: .*no more/);
    const killed = await watched(folder, 'Deno.kill(Deno.pid, "SIGKILL"); for (;;);');
    assertEquals(killed.failure!.complaint, "ended the process: killed by SIGKILL");
    const stuck = await watched(folder, "for (;;);");
    assertEquals(stuck.failure, { input, complaint: "came to no end in 3 seconds" });
  }));

Deno.test("fuzzInProcess() ends the process where the signal aborts", () =>
  withFolder(async (folder) => {
    const signal = AbortSignal.timeout(300);
    await assertRejects(() => watched(folder, "for (;;);", { signal }), DOMException, "timeout");
  }));
