import { assertEquals, assertStringIncludes } from "@std/assert";
import { loadModel } from "../../lib/model/mod.ts";
import { withFolder } from "../io/temporary_folder.ts";
import { runTool } from "./run_tool.ts";

Deno.test("random-checkpoint writes a model that loads, and tokens beside it", () =>
  withFolder(async (folder) => {
    const { code, err } = await runTool(
      ...["random_checkpoint", "train", "--shape", "small", "--out", folder, "--tokens", "9"],
    );
    assertEquals(code, 0, err);
    const { architecture } = await loadModel(folder);
    assertEquals([architecture.layers, architecture.hiddenSize], [4, 256]);
    assertEquals(JSON.parse(await Deno.readTextFile(`${folder}/ids.json`)).length, 9);
  }));

Deno.test("random-checkpoint refuses an unknown shape", async () => {
  const { code, err } = await runTool(
    "random_checkpoint",
    "train",
    "--shape",
    "huge",
    "--out",
    "x",
  );
  assertEquals([code, err.split("\n").length], [2, 1]);
  assertStringIncludes(err, "--shape must be small or OPT-125M or ");
});
