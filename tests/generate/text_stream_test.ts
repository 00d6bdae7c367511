import { assertEquals } from "@std/assert";
import fc from "fast-check";
import { TextStream } from "../../lib/generate/mod.ts";
import { loadTokenizer, type Tokenizer } from "../../lib/io/mod.ts";
import { withFolder } from "../io/temporary_folder.ts";
import { byteLevelTokenizer, sentencePieceTokenizer } from "../io/tiny_tokenizers.ts";

async function withTokenizer(
  definition: Record<string, unknown>,
  test: (tokenizer: Tokenizer) => void,
): Promise<void> {
  await withFolder(async (folder) => {
    await Deno.writeTextFile(`${folder}/tokenizer.json`, JSON.stringify(definition));
    test(await loadTokenizer(folder));
  });
}

/** What a stream gives for each token, and at its end. */
function streamed(tokenizer: Tokenizer, tokens: Iterable<number>, context?: number[]): string[] {
  const stream = new TextStream(tokenizer, context);
  return [...Array.from(tokens, (token) => stream.push(token)), stream.end()];
}

Deno.test("TextStream holds the bytes of a character back until it is whole", () =>
  withTokenizer(byteLevelTokenizer(), (tokenizer) => {
    const tokens = tokenizer.encode("a€😀é");
    assertEquals(
      streamed(tokenizer, tokens),
      ["a", "", "", "€", "", "", "", "😀", "", "é", ""],
    );
  }));

Deno.test("TextStream gives at its end what never became whole", () =>
  withTokenizer(byteLevelTokenizer(), (tokenizer) => {
    const tokens = tokenizer.encode("né").slice(0, 2);
    assertEquals(streamed(tokenizer, tokens), ["n", "", "\uFFFD"]);
  }));

Deno.test("TextStream keeps the space of the first word after its context", () =>
  withTokenizer(sentencePieceTokenizer(["▁ a", "▁ b"]), (tokenizer) => {
    const [first, second, third] = tokenizer.encode("a b a");
    assertEquals(streamed(tokenizer, [second, third], [first]), [" b", " a", ""]);
    assertEquals(streamed(tokenizer, [first, second, third]), ["a", " b", " a", ""]);
  }));

Deno.test("TextStream gives nothing for ids that the tokenizer does not know, and goes on", () =>
  withTokenizer(sentencePieceTokenizer(["▁ a", "▁ b"]), (tokenizer) => {
    const [first, second] = tokenizer.encode("a b");
    const [padding, gap] = [tokenizer.vocabularySize + 3, 2 ** 31 - 1];
    assertEquals(streamed(tokenizer, [first, padding, gap, second]), ["a", "", "", " b", ""]);
    assertEquals(streamed(tokenizer, [padding, second], [first, gap]), ["", " b", ""]);
  }));

for (
  const [name, definition] of [
    ["byte-level", byteLevelTokenizer()],
    ["SentencePiece-style", sentencePieceTokenizer(["▁ a", "a b", "▁a b"])],
  ] as const
) {
  Deno.test(`TextStream gives the text of all tokens, cut anywhere: ${name}`, () =>
    withTokenizer(definition, (tokenizer) => {
      const texts = fc.string({ unit: fc.constantFrom(..." abcdehltw€😀é\n"), minLength: 1 });
      fc.assert(fc.property(texts, fc.nat(), (text, cut) => {
        const tokens = [...tokenizer.encode(text)];
        const at = cut % (tokens.length + 1);
        const [context, rest] = [tokens.slice(0, at), tokens.slice(at)];
        const before = tokenizer.decode(context);
        if (before.endsWith("\uFFFD")) return; // no prompt ends within a character
        assertEquals(
          before + streamed(tokenizer, rest, context).join(""),
          tokenizer.decode(tokens),
        );
      }));
    }));
}
