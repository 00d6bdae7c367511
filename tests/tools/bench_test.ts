import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { suites } from "../../bench/suites.ts";
import { readBenchRecord } from "../../experiments/result/bench_record.ts";
import { withFolder } from "../io/temporary_folder.ts";
import { runTool } from "./run_tool.ts";

for (
  const [args, line] of [
    [
      ["nowhere"],
      `Cannot read the command line: suites must be ${Object.keys(suites).join(" or ")}, got ` +
      '"nowhere"',
    ],
    [
      ["--runs", "4"],
      'Cannot read the command line: --runs must be an integer of 5 or more, got "4"',
    ],
  ] as const
) {
  Deno.test(`bench answers ${args.join(" ")} with one line and status 2`, async () => {
    assertEquals(await runTool("bench", "bench", ...args), { code: 2, out: "", err: line });
  });
}

Deno.test("bench says before it measures that it cannot write its records", () =>
  withFolder(async (folder) => {
    await Deno.writeTextFile(`${folder}/file`, "");
    const { code, out, err } = await runTool("bench", "bench", "--out", `${folder}/file`);
    assertEquals([code, out, err.split("\n").length], [2, "", 1]);
    assertStringIncludes(err, `Cannot write to ${folder}/file: `);
  }));

Deno.test("bench writes a record that the experiments read, and its tables", () =>
  withFolder(async (folder) => {
    const { code, out } = await runTool("bench", "bench", "memory", "--quick", "--out", folder);
    assertEquals(code, 0);
    assertStringIncludes(out, "Bytes per 4-bit weight");
    const record = await readBenchRecord("memory", folder);
    assert(record.complete && record.quick);
    assert(record.measurements.every(({ runs, median }) => runs === 5 && median < 0.6));
    const page = await Deno.readTextFile(`${folder}/memory.md`);
    assertStringIncludes(page, record.machine.processor.replaceAll(/[\\|*_`<&~]/g, "\\$&"));
  }));
