import { assertEquals } from "@std/assert";
import { modelOption, modelsOption, modelText } from "../../tools/model_argument.ts";
import { withFolder } from "../io/temporary_folder.ts";

const parse = modelOption("--model");

Deno.test("modelOption() takes what exists for a path, else org/name for a repository", () =>
  withFolder(async (folder) => {
    assertEquals(parse("org/name@v1"), { kind: "model", name: "org/name", revision: "v1" });
    assertEquals(parse("data/models"), "data/models");
    for (
      const path of ["name", "/org/name", "./org/name", "a/b/c", "org/name/", "folder/file.gguf"]
    ) {
      assertEquals(parse(path), path);
    }
    const before = Deno.env.get("INIT_CWD");
    Deno.env.set("INIT_CWD", folder);
    try {
      assertEquals(parse("data/models"), { kind: "model", name: "data/models", revision: "main" });
      await Deno.mkdir(`${folder}/org/name`, { recursive: true });
      assertEquals(parse("org/name"), `${folder}/org/name`);
    } finally {
      if (before === undefined) Deno.env.delete("INIT_CWD");
      else Deno.env.set("INIT_CWD", before);
    }
  }));

Deno.test("modelText() is what was typed", () => {
  const models = ["org/name@v1", "org/name", "/org/name"].reduce<ReturnType<typeof parse>[]>(
    (list, text) => modelsOption("--model")(text, list),
    [],
  );
  assertEquals(models.map(modelText), ["org/name@v1", "org/name", "/org/name"]);
});
