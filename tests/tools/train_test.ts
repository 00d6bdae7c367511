import { assertEquals, assertStringIncludes } from "@std/assert";
import { withFolder } from "../io/temporary_folder.ts";
import { runTool } from "./run_tool.ts";

for (const family of ["frog", "constructor"]) {
  Deno.test(`train refuses family ${family} with one line and status 2`, async () => {
    const { code, out, err } = await runTool("train", "train", "llama", family);
    const line = "Cannot read the command line: families must be llama or opt or bloom, got";
    assertEquals({ code, out, err }, { code: 2, out: "", err: `${line} "${family}"` });
  });
}

Deno.test("train says before it trains that it cannot write its checkpoints", () =>
  withFolder(async (folder) => {
    await Deno.writeTextFile(`${folder}/file`, "");
    const folders = ["--models", folder, "--checkpoints", `${folder}/file`];
    const { code, out, err } = await runTool("train", "train", "llama", ...folders);
    assertEquals([code, out, err.split("\n").length], [2, "", 1]);
    assertStringIncludes(err, `Cannot write to ${folder}/file/llama-encyclopedia: `);
  }));

for (
  const [args, line] of [
    [
      ["--attention", "sparsemax"],
      'Cannot read the command line: --attention must be softmax or softpick, got "sparsemax"',
    ],
    [
      ["--steps", "0"],
      'Cannot read the command line: --steps must be an integer in 1..1000000, got "0"',
    ],
  ] as const
) {
  Deno.test(`train answers ${args.join(" ")} with one line and status 2`, async () => {
    const result = await runTool("train", "train", "llama", ...args);
    assertEquals(result, { code: 2, out: "", err: line });
  });
}
