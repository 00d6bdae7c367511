import { assertEquals, assertMatch } from "@std/assert";
import { conversionHint } from "../../lib/io/older_files.ts";
import { withFolder } from "./temporary_folder.ts";

const names = ["vocab.txt", "tokenizer.model"];

Deno.test("conversionHint() says nothing where no such file is", () =>
  withFolder(async (folder) => {
    await Deno.writeTextFile(`${folder}/other.txt`, "");
    assertEquals(await conversionHint(folder, names, "AutoTokenizer"), "");
    assertEquals(await conversionHint(`${folder}/none`, names, "AutoTokenizer"), "");
  }));

Deno.test("conversionHint() names the file that is there and how to convert it", () =>
  withFolder(async (folder) => {
    await Deno.writeTextFile(`${folder}/tokenizer.model`, "");
    assertEquals(
      await conversionHint(folder, names, "AutoTokenizer"),
      "; tokenizer.model is not read, but this, run in the folder, converts it: " +
        `python -c "from transformers import AutoTokenizer as A; ` +
        `A.from_pretrained('.').save_pretrained('.')"`,
    );
  }));

Deno.test("conversionHint() names the first of several files alone", () =>
  withFolder(async (folder) => {
    for (const name of names) await Deno.writeTextFile(`${folder}/${name}`, "");
    assertMatch(await conversionHint(folder, names, "A"), /^; vocab\.txt is not read(?!.*model)/);
  }));
