import { assertEquals } from "@std/assert";
import { isCommit, parseRepository, repositoryText } from "../../lib/io/hub_repository.ts";

for (
  const [text, name, revision] of [
    ["facebook/opt-125m", "facebook/opt-125m", "main"],
    ["huggyllama/llama-7b@v1.0", "huggyllama/llama-7b", "v1.0"],
    ["org/name_2.x@refs/convert/parquet", "org/name_2.x", "refs/convert/parquet"],
    [
      "org/name@0123456789abcdef0123456789abcdef01234567",
      "org/name",
      "0123456789abcdef0123456789abcdef01234567",
    ],
  ]
) {
  Deno.test(`parseRepository() knows ${text}`, () => {
    const repository = parseRepository(text);
    assertEquals(repository, { kind: "model", name, revision });
    assertEquals(repositoryText(repository!), text);
  });
}

for (
  const text of [
    ...["opt-125m", "a/b/c", "/a/b", "a/b/", "./a/b", "../a/b", "../b", "a/..", "a/b@", "a/.b"],
    ...[
      "a/b@../c",
      "a/b@c/../d",
      "a/b@/c",
      "a/b--c",
      "a/b..c",
      "a/b.",
      "-a/b",
      "a\\b/c",
      "a/b@c d",
      "",
    ],
    `a/${"b".repeat(97)}`,
  ]
) {
  Deno.test(`parseRepository() takes no ${text.slice(0, 20)}`, () => {
    assertEquals(parseRepository(text), undefined);
  });
}

Deno.test("parseRepository() takes a data set", () => {
  assertEquals(parseRepository("a/b", "dataset"), {
    kind: "dataset",
    name: "a/b",
    revision: "main",
  });
});

Deno.test("isCommit() knows the forty digits of a commit", () => {
  assertEquals(["a".repeat(40), "a".repeat(39), "g".repeat(40), "main"].map(isCommit), [
    true,
    false,
    false,
    false,
  ]);
});
