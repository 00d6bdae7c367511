import { assertEquals, assertThrows } from "@std/assert";
import { InputError } from "../../lib/core/mod.ts";
import { calibrationSource, textSource } from "../../tools/text_options.ts";
import { runTool } from "./run_tool.ts";

Deno.test("textSource() is a text or token ids, whatever the names of the files", () => {
  assertEquals(textSource({ text: "/a.json" }), { kind: "text", path: "/a.json" });
  assertEquals(textSource({ ids: "/a.txt" }), { kind: "ids", path: "/a.txt" });
});

for (const [options, given] of [[{}, "none"], [{ text: "a", ids: "b" }, "both"]] as const) {
  Deno.test(`textSource() refuses ${given} of text and ids`, () => {
    const rule = "one of --text and --ids must be given";
    const message = `Cannot read the command line: ${rule}, got ${given}`;
    assertEquals(assertThrows(() => textSource(options), InputError).message, message);
  });
}

Deno.test("calibrationSource() knows token ids by the name of the file", () => {
  assertEquals(calibrationSource({ calibration: "/a.json" }), { kind: "ids", path: "/a.json" });
  assertEquals(calibrationSource({ calibration: "/a.txt" }), { kind: "text", path: "/a.txt" });
  assertEquals(calibrationSource({}), undefined);
});

Deno.test("addTextOptions() gives every tool the same options in the same words", async () => {
  const tools = ["perplexity", "reproduce", "figures"];
  const helps = await Promise.all(tools.map((tool) => runTool(tool, tool, "--help")));
  const words = helps.map(({ out }) => out.replace(/\s+/g, " "));
  for (const flag of ["--ids", "--calibration", "--window", "--start-token"]) {
    const option = new RegExp(` ${flag} <.*?(?= --)`);
    const [first, ...others] = words.map((text) => text.match(option)?.[0]);
    assertEquals(others, [first, first]);
  }
});
