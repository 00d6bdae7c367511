import { assertEquals } from "@std/assert";
import { modelOption, modelsOption, modelText, parseHubModel } from "../../tools/model_argument.ts";
import { withFolder } from "../io/temporary_folder.ts";

const parse = modelOption("--model");

Deno.test("modelOption() takes what exists for a path, else org/name for a repository", () =>
  withFolder(async (folder) => {
    const repository = { kind: "model", name: "org/name", revision: "v1" } as const;
    assertEquals(parse("org/name@v1"), { repository });
    assertEquals(parse("org/name@v1:a.gguf"), { repository, file: "a.gguf" });
    assertEquals(parse("data/models"), "data/models");
    for (
      const path of ["name", "/org/name", "./org/name", "a/b/c", "org/name/", "folder/file.gguf"]
    ) {
      assertEquals(parse(path), path);
    }
    const before = Deno.env.get("INIT_CWD");
    Deno.env.set("INIT_CWD", folder);
    try {
      const repository = { kind: "model", name: "data/models", revision: "main" } as const;
      assertEquals(parse("data/models"), { repository });
      await Deno.mkdir(`${folder}/org/name`, { recursive: true });
      assertEquals(parse("org/name"), `${folder}/org/name`);
      await Deno.writeTextFile(`${folder}/org/name:a.gguf`, "");
      assertEquals(parse("org/name:a.gguf"), `${folder}/org/name:a.gguf`);
    } finally {
      if (before === undefined) Deno.env.delete("INIT_CWD");
      else Deno.env.set("INIT_CWD", before);
    }
  }));

Deno.test("modelText() is what was typed", () => {
  const texts = ["org/name@v1", "org/name", "/org/name", "org/name:a.gguf", "org/name@v1:b/a.gguf"];
  const models = texts.reduce<ReturnType<typeof parse>[]>(
    (list, text) => modelsOption("--model")(text, list),
    [],
  );
  assertEquals(models.map(modelText), texts);
});

for (
  const [text, name, revision, file] of [
    ["org/name:a.gguf", "org/name", "main", "a.gguf"],
    ["org/name-GGUF:Q4 K/a.b-00001.gguf", "org/name-GGUF", "main", "Q4 K/a.b-00001.gguf"],
    ["org/name@refs/pr/1:a.gguf", "org/name", "refs/pr/1", "a.gguf"],
  ]
) {
  Deno.test(`parseHubModel() knows ${text}`, () => {
    assertEquals(parseHubModel(text), { repository: { kind: "model", name, revision }, file });
  });
}

for (
  const text of [
    ...["org/name:", "org/name:a", "org/name:.gguf.txt", "name:a.gguf", "C:\\models\\a.gguf"],
    ...["org/name:../a.gguf", "org/name:/a.gguf", "org/name:b//a.gguf", "org/name:./a.gguf"],
    ...["org/name:b/../a.gguf", "org/a.gguf", "/org/name:a.gguf", "org/name@:a.gguf"],
  ]
) {
  Deno.test(`parseHubModel() takes no ${text}`, () => {
    assertEquals(parseHubModel(text), undefined);
  });
}
