import { assertEquals, assertMatch } from "@std/assert";
import { withFolder } from "../io/temporary_folder.ts";
import { runTool } from "./run_tool.ts";

const config = {
  ...{ model_type: "llama", hidden_size: 16, intermediate_size: 32, num_attention_heads: 2 },
  ...{ vocab_size: 1e9, num_hidden_layers: 2 },
};

for (
  const [tool, permissions, ...args] of [
    ["generate", "evaluate", "--prompt", "a"],
    ["perplexity", "perplexity", "--text", "missing.txt"],
    ["reproduce", "reproduce", "--table", "1", "--text", "missing.txt"],
    ["figures", "figures", "--figure", "6", "--text", "missing.txt"],
  ]
) {
  Deno.test(`${tool} refuses a model too large for the memory by config.json alone`, () =>
    withFolder(async (folder) => {
      await Deno.writeTextFile(`${folder}/config.json`, JSON.stringify(config));
      const { code, out, err } = await runTool(tool, permissions, "--model", folder, ...args);
      assertEquals([code, out], [2, ""]);
      assertMatch(
        err,
        /^Cannot load [^:]*: the \d+ parameters of a block and the head must fit as float32 into 4.00 GiB of memory, .*$/,
      );
    }));
}
