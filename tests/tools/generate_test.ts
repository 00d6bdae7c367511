import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { encodePrompt, generate } from "../../lib/generate/mod.ts";
import { loadTokenizer } from "../../lib/io/mod.ts";
import { methods } from "../../lib/methods/mod.ts";
import { loadModel, openModel } from "../../lib/model/mod.ts";
import { useBackend } from "../../lib/tensor/mod.ts";
import { runTool, startTool } from "./run_tool.ts";

const folder = "data/models/llama-encyclopedia";
const prompt = "The bridge";

const run = (...args: string[]) => {
  const model = args.some((arg) => arg.startsWith("--model")) ? [] : ["--model", folder];
  return runTool("generate", "evaluate", ...model, ...args);
};

Deno.test("generate prints what generate() of the library gives, and its speed", async () => {
  const args = ["--prompt", prompt, "--tokens", "25"];
  const { code, out, err } = await run(...args, "--temperature", "0.9", "--top-k=40", "--seed=5");
  await useBackend("agile");
  using model = await openModel(await loadModel(folder));
  const tokenizer = await loadTokenizer(folder);
  const ids = encodePrompt(model, tokenizer, prompt);
  const options = { tokens: 25, temperature: 0.9, topK: 40, seed: 5 };
  const text = tokenizer.decode([...generate(model, ids, options)]);
  assertEquals([code, out], [0, text.trimEnd()]);
  const [first, second, ...others] = err.split("\n");
  assertMatch(first, new RegExp(`^prefill: ${ids.length} tokens, [0-9.]+ tokens/s$`));
  assertMatch(second, /^decode: 24 tokens, [0-9.]+ tokens\/s, median [0-9.]+ ms per token$/);
  assertEquals(others, ["(measured after a warm-up)"]);
});

Deno.test("generate runs a quantized model from an int8 cache", async () => {
  const args = ["--prompt", prompt, "--tokens", "1", "--method", "rtn4", "--cache", "int8"];
  const { code, out, err } = await run(...args);
  assertEquals(code, 0);
  assert(out.length > 0);
  assertMatch(err, /^prefill: 3 tokens, [^\n]*\n[^\n]*$/, "a single token decodes nothing");
});

Deno.test("generate refuses to run floats in integers", async () => {
  const line = "Cannot execute RTN in integers: it must quantize activations";
  const { code, err } = await run("--prompt", prompt, "--method", "rtn4", "--execute", "integer");
  assertEquals([code, err], [2, line]);
});

Deno.test("generate stops at Ctrl-C with the text and the speed so far", async () => {
  const args = ["--model", "data/models/bloom-encyclopedia", "--prompt", prompt];
  const child = startTool("generate", "evaluate", ...args, "--tokens", "1000000");
  const err = new Response(child.stderr).text();
  const reader = child.stdout.getReader();
  assertEquals((await reader.read()).done, false);
  child.kill("SIGINT");
  while (!(await reader.read()).done);
  assertEquals((await child.status).code, 130);
  assertStringIncludes(await err, "Stopping at the next step.");
  assertStringIncludes(await err, "prefill: 3 tokens, ");
});

for (
  const [args, line] of [
    [[], "error: required option '--prompt <text>' not specified"],
    [
      ["--prompt=a", "--temperature=-1"],
      'Cannot read the command line: --temperature must be a number of 0 or more, got "-1"',
    ],
    [
      ["--prompt=a", "--top-k=0"],
      'Cannot read the command line: --top-k must be an integer of 1 or more, got "0"',
    ],
    [
      ["--prompt=a", "--cache=int4"],
      'Cannot read the command line: --cache must be float32 or int8, got "int4"',
    ],
    [
      ["--prompt=a", "--method=int3"],
      `Cannot choose a method: it must be ${Object.keys(methods).join(", ")}, got "int3"`,
    ],
    [
      ["--prompt=a", "--tokens=511"],
      "Cannot generate: prompt and tokens must number at most 512 with llama-encyclopedia, got 513",
    ],
    [
      ["--prompt=a", "--method=gptq4", "--tokens=511"],
      "Cannot generate: prompt and tokens must number at most 512 with llama-encyclopedia, got 513",
    ],
    [
      ["--prompt=a", "--method=agileq-4/8"],
      "Cannot generate with AgileQ-4/8: its quantizers must be the same for every token",
    ],
    [["--prompt=a", "--model=nowhere"], "Cannot load nowhere: the folder must exist"],
  ] as [string[], string][]
) {
  Deno.test(`generate answers ${args} with one line and status 2`, async () => {
    const { code, out, err } = await run(...args);
    assertEquals([code, out], [2, ""]);
    assertEquals(err.split("\n").length, 1);
    assertStringIncludes(err, line);
  });
}
