import { assertEquals, assertThrows } from "@std/assert";
import fc from "fast-check";
import { InputError } from "../../lib/core/mod.ts";
import {
  addedTokens,
  type Piece,
  sentencePieceDefinition,
  vocabularyOf,
} from "../../lib/io/sentence_piece.ts";
import { loadMetadata } from "./gguf_metadata.ts";
import { withFolder } from "./temporary_folder.ts";

const space = "\u2581";
const piece = (text: string, score = 0, type = 1): Piece => ({ text, score, type });

/** SentencePiece's BPE word for word: of all neighbours that are a token, the best and leftmost is made. */
function slowPieces(text: string, scores: ReadonlyMap<string, number>): string[] {
  const symbols = Array.from(text);
  for (;;) {
    let best = -1;
    for (let at = 0; at + 1 < symbols.length; at++) {
      const score = scores.get(symbols[at] + symbols[at + 1]);
      if (score === undefined) continue;
      if (best < 0 || score > scores.get(symbols[best] + symbols[best + 1])!) best = at;
    }
    if (best < 0) return symbols;
    symbols.splice(best, 2, symbols[best] + symbols[best + 1]);
  }
}

const anyPieces = fc.uniqueArray(
  fc.record({
    text: fc.oneof(
      fc.string({ unit: fc.constantFrom("a", "b"), minLength: 1, maxLength: 5 }),
      fc.string({ unit: fc.constantFrom("a", "b", space), minLength: 1, maxLength: 4 }),
    ),
    score: fc.integer({ min: -4, max: 0 }),
  }),
  { selector: ({ text }) => text, maxLength: 14 },
);
const anyText = fc.string({ unit: fc.constantFrom(..."aaabbb c"), maxLength: 30 });

Deno.test("sentencePieceDefinition() joins as SentencePiece does, equal scores and all", () =>
  withFolder(async (folder) => {
    await fc.assert(
      fc.asyncProperty(anyPieces, anyText, async (normal, text) => {
        const tokens = ["<unk>", ...normal.map(({ text }) => text)];
        const tokenizer = await loadMetadata(folder, {
          model: "llama",
          tokens,
          scores: [0, ...normal.map(({ score }) => score)],
          token_type: [2, ...normal.map(() => 1)],
          add_bos_token: false,
        });
        const scores = new Map(normal.map(({ text, score }) => [text, score]));
        const pieces = text === "" ? [] : slowPieces(space + text.replaceAll(" ", space), scores);
        const ids = pieces.map((each) => Math.max(0, tokens.indexOf(each)));
        const fused = ids.filter((id, at) => id !== 0 || ids[at - 1] !== 0);
        assertEquals([...tokenizer.encode(text)], fused);
      }),
      { numRuns: 300 },
    );
  }));

Deno.test("sentencePieceDefinition() lists for other tools the merges whose parts are tokens", () => {
  const pieces = [
    piece("<unk>", 0, 2),
    piece("a"),
    piece("ab", -2),
    piece("aa", -1),
    piece("aab", -3),
    piece("<s>", 0, 3),
    piece("<", -9),
    piece("s>", -9),
  ];
  const parts = { pieces, unknown: 0, addSpacePrefix: true };
  const { definition, merges } = sentencePieceDefinition(parts, "load it");
  const model = definition.model as Record<string, unknown>;
  assertEquals(model.merges, [["a", "a"], ["a", "ab"]]);
  assertEquals(merges.map(({ pair, rank }) => [...pair, rank]), [
    ["a", "a", 1],
    ["a", "b", 2],
    ["aa", "b", 3],
    ["a", "ab", 3],
    ["s", ">", 4],
  ]);
  assertEquals([model.byte_fallback, model.unk_token], [false, "<unk>"]);
});

Deno.test("sentencePieceDefinition() needs a token for every byte or one for what is unknown", () => {
  const bytes = Array.from(
    { length: 256 },
    (_, byte) => piece(`<0x${byte.toString(16).toUpperCase().padStart(2, "0")}>`, 0, 6),
  );
  const define = (pieces: Piece[]) =>
    sentencePieceDefinition({ pieces, addSpacePrefix: false }, "load it").definition;
  const model = define(bytes).model as Record<string, unknown>;
  assertEquals([model.byte_fallback, model.unk_token], [true, null]);
  const message =
    "Cannot load it: it must have a token for each byte, <0x00> to <0xFF>, or one for " +
    "what is unknown";
  assertThrows(() => define(bytes.slice(1)), InputError, message);
});

Deno.test("sentencePieceDefinition() refuses tokens that it would take apart for ever", () => {
  const pieces = [piece("<unk>", 0, 2), piece("ab".repeat(5e6))];
  const message = "Cannot load it: its tokens must be short enough to find what they are joined of";
  const make = () =>
    sentencePieceDefinition({ pieces, unknown: 0, addSpacePrefix: false }, "load it", 0.2);
  assertThrows(make, InputError, message);
});

Deno.test("vocabularyOf() refuses the same token twice", () => {
  assertEquals(vocabularyOf(["b", "__proto__"], "load it")["b"], 0);
  const message = 'Cannot load it: its tokens must differ; 0 and 2 are the same, got "a"';
  assertThrows(() => vocabularyOf(["a", "b", "a"], "load it"), InputError, message);
});

Deno.test("addedTokens() are those that are unknown, control tokens and the user's", () => {
  const pieces = [2, 3, 4, 5, 6, 1, 0].map((type) => ({ text: `<${type}>`, type }));
  assertEquals(
    addedTokens(pieces).map(({ content, special }) => [content, special]),
    [["<2>", true], ["<3>", true], ["<4>", false]],
  );
  assertEquals(addedTokens([{ text: "", type: 3 }]), []);
});
