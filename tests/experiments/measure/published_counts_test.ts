import { assertEquals } from "@std/assert";
import { publishedCount } from "../../../experiments/measure/published_counts.ts";

const sha256 = "696cca6b65a171b0a358a4be6732cdfdf2dd6164a32e20fd70e3c13fc4dfae83";
const part = { dataset: "wikitext2", split: "test", sha256 } as const;
const tokenizer = (...probe: number[]) => ({ encode: () => Int32Array.from(probe) });
const ids = (length: number) => new Int32Array(length);

for (
  const [name, probe, tokens] of [
    ["GPT-2", [15496, 995], 287_644],
    ["OPT", [31414, 232], 287_644],
    ["LLaMA", [15043, 3186], 341_468],
  ] as const
) {
  Deno.test(`publishedCount() knows how many tokens ${name} makes of WikiText-2`, () => {
    const count = (length: number) =>
      publishedCount({ ...part, ids: ids(length) }, tokenizer(...probe));
    assertEquals(count(tokens), { tokens, warnings: [] });
    assertEquals(count(tokens - 1), {
      tokens,
      warnings: [
        `WikiText-2's test split has ${tokens} tokens by ${name}'s tokenizer, not ${tokens - 1}: ` +
        "figures cannot be held against published ones.",
      ],
    });
  });
}

Deno.test("publishedCount() checks the text whatever the tokenizer, and no other text", () => {
  const unknown = tokenizer(1, 2);
  assertEquals(publishedCount({ ...part, ids: ids(5) }, unknown), {
    tokens: undefined,
    warnings: [],
  });
  assertEquals(publishedCount({ ...part, sha256: "0", ids: ids(5) }, unknown).warnings, [
    "The text is not WikiText-2's test split as it is published: " +
    "figures cannot be held against published ones.",
  ]);
  const others = [{ split: "train" }, { dataset: "ptb" }] as const;
  for (const other of others) {
    const text = { ...part, ...other, sha256: "0", ids: ids(5) };
    assertEquals(publishedCount(text, unknown), { warnings: [] });
  }
});
