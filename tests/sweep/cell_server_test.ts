import { assertEquals, assertMatch } from "@std/assert";
import { encodeJson, InputError, refuse } from "../../lib/core/mod.ts";
import { type CellRunner, cellServer, type CellSpec } from "../../lib/sweep/mod.ts";

const cell: CellSpec = { id: "a", experiment: "test", model: { folder: "opt" }, config: [0.1] };

/** What a server writes about the cell, as JSON reads it. */
// deno-lint-ignore no-explicit-any
async function answersOf(run: CellRunner): Promise<any[]> {
  const written: string[] = [];
  await cellServer(run, (line) => written.push(line))(encodeJson(cell));
  for (const line of written) assertEquals(line.includes("\n"), false);
  return written.map((line) => JSON.parse(line));
}

Deno.test("cellServer() measures the cell of a line, and writes its progress and its result", async () => {
  const answers = await answersOf(async (given, { progress, signal }) => {
    progress.start("windows", 2);
    progress.update(1, "loss 3");
    progress.finish();
    progress.say("a remark");
    await Promise.resolve();
    return { given, aborted: signal.aborted, perplexity: Infinity, losses: [NaN] };
  });
  assertEquals(answers, [
    { event: "start", label: "windows", total: 2 },
    { event: "update", done: 1, note: "loss 3" },
    { event: "finish" },
    { event: "say", message: "a remark" },
    {
      event: "result",
      id: "a",
      result: { given: cell, aborted: false, perplexity: "Infinity", losses: ["NaN"] },
    },
  ]);
});

Deno.test("cellServer() writes why a cell was refused, a line for each reason", async () => {
  const twice = new InputError("weights are missing", "config.json is damaged");
  assertEquals(await answersOf(() => Promise.reject(twice)), [
    { event: "refusal", id: "a", problems: twice.problems },
  ]);
  assertEquals(await answersOf(() => refuse("quantize", "bits must be 2..8", 9)), [
    { event: "refusal", id: "a", problems: ["Cannot quantize: bits must be 2..8, got 9"] },
  ]);
});

Deno.test("cellServer() refuses a result that is no plain data", async () => {
  const problems = ['Cannot write JSON: value.losses must be plain data, got "Float64Array"'];
  assertEquals(await answersOf(() => Promise.resolve({ losses: new Float64Array(1) })), [
    { event: "refusal", id: "a", problems },
  ]);
});

Deno.test("cellServer() writes the name, message and stack of a defect", async () => {
  const [{ stack, ...defect }] = await answersOf(() => Promise.resolve(undefined!["scale"]));
  const message = "Cannot read properties of undefined (reading 'scale')";
  assertEquals(defect, { event: "defect", id: "a", name: "TypeError", message });
  assertMatch(stack, /cell_server_test\.ts:\d+/);
});
