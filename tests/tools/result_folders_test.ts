import { assertEquals } from "@std/assert";
import { isAmongBundled, modelFolders } from "../../tools/result_folders.ts";
import { withFolder } from "../io/temporary_folder.ts";

Deno.test("modelFolders() finds what holds tables or figures, and nothing of the bundled models", () =>
  withFolder(async (folder) => {
    for (
      const name of [
        "b/figures",
        "figures",
        "bench",
        "empty",
        ".cells",
        "integer",
        "local",
        "a",
        "c",
        "d",
      ]
    ) {
      await Deno.mkdir(`${folder}/${name}`, { recursive: true });
    }
    for (
      const path of [
        "a/table12.json",
        "c/ablations.json",
        "d/rivals.json",
        "integer/table1.json",
        "local/table1.json",
        "table1.json",
      ]
    ) {
      await Deno.writeTextFile(`${folder}/${path}`, "{}");
    }
    assertEquals(await modelFolders(folder), ["a", "b", "c", "d"]);
    assertEquals(await modelFolders(`${folder}/none`), []);
  }));

Deno.test("isAmongBundled() is what lies in their folders, and no other of results", () => {
  const bundled = [
    "results",
    "./results/",
    "results/figures/x",
    "results/bench",
    "results/integer",
  ];
  assertEquals(bundled.map(isAmongBundled), bundled.map(() => true));
  const others = ["results/local", "results/SmolLM2", "results/SmolLM2/figures", "elsewhere", ".."];
  assertEquals(others.map(isAmongBundled), others.map(() => false));
});
