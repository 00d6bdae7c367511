import { assertEquals } from "@std/assert";
import { corpus } from "../../experiments/measure/bundled.ts";
import { generateEncyclopedia } from "../../lib/corpus/mod.ts";
import { runTool, startTool } from "./run_tool.ts";

Deno.test("encyclopedia writes the test text unless told otherwise", async () => {
  const { code, out, err } = await runTool("encyclopedia", "encyclopedia");
  assertEquals([code, err, out], [0, "", generateEncyclopedia(corpus.test).text.trimEnd()]);
});

Deno.test("encyclopedia takes seed and length", async () => {
  const { out } = await runTool("encyclopedia", "encyclopedia", "--seed=9", "--characters=500");
  assertEquals(out, generateEncyclopedia({ seed: 9, characters: 500 }).text.trimEnd());
});

Deno.test("encyclopedia ends quietly when its reader has seen enough", async () => {
  const child = startTool("encyclopedia", "encyclopedia", "--characters=2000000");
  const reader = child.stdout.getReader();
  await reader.read();
  await reader.cancel();
  const complaints = await new Response(child.stderr).text();
  assertEquals([(await child.status).code, complaints], [0, ""]);
});

Deno.test("encyclopedia refuses a length of nothing with one line and status 2", async () => {
  const line =
    'Cannot read the command line: --characters must be an integer of 1 or more, got "0"';
  const refused = await runTool("encyclopedia", "encyclopedia", "--characters=0");
  assertEquals(refused, { code: 2, out: "", err: line });
});
