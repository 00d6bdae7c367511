import { assertEquals, assertRejects } from "@std/assert";
import { InputError, silent } from "../../lib/core/mod.ts";
import { calibrationSource, textSource } from "../../tools/text_options.ts";
import { runTool } from "./run_tool.ts";

const session = { progress: silent, signal: new AbortController().signal };

Deno.test("textSource() is a text or token ids, whatever the names of the files", async () => {
  assertEquals(await textSource({ text: "/a.json" }, session), { kind: "text", path: "/a.json" });
  assertEquals(await textSource({ ids: "/a.txt" }, session), { kind: "ids", path: "/a.txt" });
});

Deno.test("textSource() knows what a data set in a file is by its name", async () => {
  const of = (path: string) => textSource({ dataset: { path } }, session);
  for (const path of ["/a.parquet", "/a.json", "/a.jsonl.gz"]) {
    assertEquals(await of(path), { kind: "rows", path });
  }
  assertEquals(await of("/a.txt"), { kind: "text", path: "/a.txt" });
});

const dataset = { dataset: "wikitext2" } as const;

for (
  const [options, given] of [[{}, 0], [{ text: "a", ids: "b" }, 2], [
    { text: "a", dataset },
    2,
  ]] as const
) {
  Deno.test(`textSource() refuses ${Object.keys(options).join(" and ") || "nothing"}`, async () => {
    const rule = "one of --text, --ids and --dataset must be given";
    const { message } = await assertRejects(() => textSource(options, session), InputError);
    assertEquals(message, `Cannot read the command line: ${rule}, got ${given}`);
  });
}

Deno.test("calibrationSource() knows what a file has by its name", async () => {
  const of = (path: string) => calibrationSource({ calibration: { path } }, session);
  assertEquals(await of("/a.json"), { kind: "ids", path: "/a.json" });
  assertEquals(await of("/a.txt"), { kind: "text", path: "/a.txt" });
  assertEquals(await of("/a.parquet"), { kind: "rows", path: "/a.parquet" });
  assertEquals(await calibrationSource({}, session), undefined);
  assertEquals(await calibrationSource({ dataset: { path: "/a.parquet" } }, session), undefined);
});

Deno.test("addTextOptions() gives every tool the same options in the same words", async () => {
  const tools = ["perplexity", "reproduce", "figures"];
  const helps = await Promise.all(tools.map((tool) => runTool(tool, tool, "--help")));
  const words = helps.map(({ out }) => out.replace(/\s+/g, " "));
  for (const flag of ["--ids", "--dataset", "--calibration", "--window", "--start-token"]) {
    const option = new RegExp(` ${flag} <.*?(?= --)`);
    const [first, ...others] = words.map((text) => text.match(option)?.[0]);
    assertEquals(others, [first, first]);
  }
});
