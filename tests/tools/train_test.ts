import { assertEquals, assertStringIncludes } from "@std/assert";
import { withFolder } from "../io/temporary_folder.ts";
import { runTool } from "./run_tool.ts";

for (const family of ["frog", "constructor"]) {
  Deno.test(`train refuses family ${family} with one line and status 2`, async () => {
    const { code, out, err } = await runTool("train", "train", "llama", family);
    assertEquals([code, out, err.split("\n").length], [2, "", 1]);
    assertStringIncludes(err, `value '${family}' is invalid`);
    assertStringIncludes(err, "Allowed choices are llama, opt, bloom.");
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
