import { assertEquals, assertMatch } from "@std/assert";
import { runTool } from "./run_tool.ts";

Deno.test("figures answers an unknown figure with one line and status 2", async () => {
  const { code, out, err } = await runTool("figures", "figures", "--figure", "1,nine");
  assertEquals([code, out], [2, ""]);
  assertMatch(
    err,
    /^Cannot read the command line: --figure must be 1, .*sensitivity.*, got "nine"$/,
  );
});

Deno.test("figures answers a model that is not there with one line and status 2", async () => {
  const ran = await runTool("figures", "figures", "--figure", "6", "--model", "nowhere");
  const err = "Cannot read nowhere/config.json: the file must exist";
  assertEquals(ran, { code: 2, out: "", err });
});
