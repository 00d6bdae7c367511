/** SentencePiece's BPE tokenizers, as LLaMA's, in the form of a tokenizer.json. */
import { require } from "../core/mod.ts";
import { withinSeconds } from "./time_limit.ts";
import { type AddedToken, plainToken, surroundings } from "./byte_level.ts";

/** What a piece is, by SentencePiece's numbers, which GGUF files have too. */
export const pieceType = {
  normal: 1,
  unknown: 2,
  control: 3,
  userDefined: 4,
  unused: 5,
  byte: 6,
} as const;

/** A token of a SentencePiece vocabulary; its place there is its id. */
export interface Piece {
  text: string;
  /** Where two tokens can be joined to one of several others, the one of the highest score is made. */
  score: number;
  type: number;
}

/** Two neighbours that become one token, those of the lowest rank and the leftmost of them first. */
export interface RankedMerge {
  pair: [string, string];
  rank: number;
}

/** A tokenizer.json whose merges have ranks, which it cannot say: several may have the same. */
export interface RankedDefinition {
  definition: Record<string, unknown>;
  merges: RankedMerge[];
}

/** What a tokenizer of SentencePiece is made of. */
export interface SentencePieceParts {
  pieces: readonly Piece[];
  /** The id of what stands for characters that have no token, where bytes do not. */
  unknown?: number;
  /** Whether a space is put before a text, and behind each token that is found in it first. */
  addSpacePrefix: boolean;
  /** The ids of what stands around a text. */
  start?: number;
  end?: number;
}

/** Many times what the largest vocabularies took. */
const time = { seconds: 5, secondsPerPiece: 50e-6 };
const slowRule = "its tokens must be short enough to find what they are joined of";

/** The mark that stands for a space. */
const space = "\u2581";

/**
 * The tokenizer of a SentencePiece vocabulary by byte-pair encoding.
 *
 * @param action What it is wanted for, for the message.
 * @param seconds What taking the tokens apart may take; far more than for any vocabulary unless given.
 * @throws {InputError} If two tokens are the same, if there is neither a token for every byte nor one for what
 *   is unknown, or if tokens are so long that there is no end to taking them apart.
 */
export function sentencePieceDefinition(
  { pieces, unknown, addSpacePrefix, start, end }: SentencePieceParts,
  action: string,
  seconds?: number,
): RankedDefinition {
  const vocab = vocabularyOf(pieces.map(({ text }) => text), action);
  const limit = time.seconds + time.secondsPerPiece * pieces.length;
  const merges = withinSeconds(seconds ?? limit, action, slowRule, () => rankedMerges(pieces));
  const isToken = (text: string) => Object.hasOwn(vocab, text);
  const fallsBack = Array.from({ length: 256 }, (_, byte) => byteToken(byte)).every(isToken);
  const rule = "it must have a token for each byte, <0x00> to <0xFF>, or one for what is unknown";
  require(fallsBack || unknown !== undefined, action, rule);
  const edge = (id: number | undefined) =>
    id === undefined ? undefined : { id, content: pieces[id].text };
  const definition = {
    version: "1.0",
    added_tokens: addedTokens(pieces),
    normalizer: {
      type: "Sequence",
      normalizers: [
        ...addSpacePrefix ? [{ type: "Prepend", prepend: space }] : [],
        { type: "Replace", pattern: { String: " " }, content: space },
      ],
    },
    pre_tokenizer: null,
    post_processor: surroundings(edge(start), edge(end)),
    decoder: {
      type: "Sequence",
      decoders: [
        { type: "Replace", pattern: { String: space }, content: " " },
        { type: "ByteFallback" },
        { type: "Fuse" },
        ...addSpacePrefix ? [{ type: "Strip", content: " ", start: 1, stop: 0 }] : [],
      ],
    },
    model: {
      type: "BPE",
      unk_token: unknown === undefined ? null : pieces[unknown].text,
      fuse_unk: true,
      byte_fallback: fallsBack,
      ignore_merges: false,
      vocab,
      merges: merges.map(({ pair }) => pair).filter((pair) => pair.every(isToken)),
    },
  };
  return { definition, merges };
}

/**
 * Tokens and their places.
 *
 * @throws {InputError} If two are the same.
 */
export function vocabularyOf(tokens: readonly string[], action: string): Record<string, number> {
  const ids = new Map<string, number>();
  for (const [id, token] of tokens.entries()) {
    const rule = `its tokens must differ; ${ids.get(token)} and ${id} are the same`;
    require(!ids.has(token), action, rule, token);
    ids.set(token, id);
  }
  return Object.fromEntries(ids);
}

/** The tokens that are found in a text before anything else. */
export function addedTokens(pieces: readonly Pick<Piece, "text" | "type">[]): AddedToken[] {
  const found: readonly number[] = [pieceType.unknown, pieceType.control, pieceType.userDefined];
  return pieces.flatMap(({ text, type }, id) =>
    text !== "" && found.includes(type)
      ? [{ id, content: text, special: type !== pieceType.userDefined, ...plainToken }]
      : []
  );
}

/**
 * Every way to make a normal token of two neighbours, each a normal token itself or a character: in
 * SentencePiece, any two that are a token together can be joined.
 */
function rankedMerges(pieces: readonly Piece[]): RankedMerge[] {
  const normal = pieces.filter(({ text, type }) => type === pieceType.normal && text !== "");
  const known = new Set(normal.map(({ text }) => text));
  const scores = [...new Set(normal.map(({ score }) => score))].sort((a, b) => b - a);
  const ranks = new Map(scores.map((score, rank) => [score, rank]));
  const merges: RankedMerge[] = [];
  for (const { text, score } of normal) {
    const characters = Array.from(text);
    const isPart = (part: string, length: number) => length === 1 || known.has(part);
    let left = "";
    for (let at = 1; at < characters.length; at++) {
      left += characters[at - 1];
      const right = text.slice(left.length);
      if (!isPart(left, at) || !isPart(right, characters.length - at)) continue;
      merges.push({ pair: [left, right], rank: ranks.get(score)! });
    }
  }
  // Tools that know no equal ranks: the longest first token is the leftmost of all but odd cases.
  return merges.sort((a, b) => a.rank - b.rank || b.pair[0].length - a.pair[0].length);
}

function byteToken(byte: number): string {
  return `<0x${byte.toString(16).toUpperCase().padStart(2, "0")}>`;
}
