/** The ids that a tokenizer.json gives its tokens, where it says them more than once. */
import { refuse, require, shortened } from "../core/mod.ts";
import { isObject } from "./json.ts";
import { isNatural } from "./tokenizer_parts.ts";

/** Far above any vocabulary; an array as long as the largest id is still small. */
const largestId = 2 ** 24 - 1;

/**
 * The id of each token of a tokenizer, added tokens included.
 *
 * @param definition A parsed tokenizer.json whose parts are sound.
 * @param action What the tokenizer is wanted for, for the message.
 * @throws {InputError} If an id is no integer in 0..16777215, if the file says two ids of one token,
 *   or if merges or templates need tokens that it does not have.
 */
export function tokenIdsOf(
  definition: Record<string, unknown>,
  action: string,
): Map<string, number> {
  const { model, added_tokens: added, post_processor: template } = definition;
  const ids = vocabularyOf(model as Record<string, unknown>, action);
  addTokens(ids, added, action);
  checkTemplate(template, ids, action);
  return ids;
}

function vocabularyOf(model: Record<string, unknown>, action: string): Map<string, number> {
  if (model.type === "Unigram") return unigramVocabulary(model, action);
  const { type, vocab, merges } = model;
  require(isObject(vocab), action, "model.vocab must be an object", vocab ?? null);
  const ids = new Map(Object.entries(vocab)) as Map<string, number>;
  for (const [token, id] of ids) requireId(id, () => `model.vocab of ${quote(token)}`, action);
  if (type === "BPE") checkMerges(merges, ids, action);
  return ids;
}

/** Pairs of a token and its score; their places are the ids. */
function unigramVocabulary(
  { vocab, unk_id: unknown }: Record<string, unknown>,
  action: string,
): Map<string, number> {
  const rule = "model.vocab must be a list of pairs of a token and a finite score";
  require(Array.isArray(vocab) && vocab.length > 0, action, rule, vocab ?? null);
  const strange = vocab.find((each) =>
    !Array.isArray(each) || each.length !== 2 || typeof each[0] !== "string" ||
    !Number.isFinite(each[1])
  );
  require(strange === undefined, action, rule, strange);
  const last = vocab.length - 1;
  const isKnown = (unknown ?? null) === null || unknown as number <= last;
  require(isKnown, action, `model.unk_id must be in 0..${last}`, unknown);
  return new Map(vocab.map(([token], id) => [token, id]));
}

function checkMerges(merges: unknown, ids: ReadonlyMap<string, number>, action: string): void {
  require(Array.isArray(merges), action, "model.merges must be a list", merges ?? null);
  const inPairs = Array.isArray(merges[0]);
  const rule = inPairs
    ? "model.merges must be pairs of tokens whose join is a token"
    : "model.merges must be two tokens and a space between, whose join is a token";
  for (const merge of merges) {
    const parts = inPairs ? merge : typeof merge === "string" ? merge.split(" ") : [];
    const isMerge = Array.isArray(parts) && parts.length === 2 &&
      ids.has(parts[0]) && ids.has(parts[1]) && ids.has(parts[0] + parts[1]);
    require(isMerge, action, rule, merge);
  }
}

function addTokens(ids: Map<string, number>, added: unknown, action: string): void {
  require(Array.isArray(added), action, "added_tokens must be a list", added ?? null);
  if (added.length === 0) return;
  const tokens = new Map(ids.entries().map(([token, id]) => [id, token]));
  for (const each of added) {
    const rule = "added_tokens must be objects with a string content and flags";
    const isToken = isObject(each) && typeof each.content === "string" && each.content !== "" &&
      ["special", "normalized", "lstrip", "rstrip", "single_word"]
        .every((flag) => ["boolean", "undefined"].includes(typeof each[flag]));
    require(isToken, action, rule, each);
    const { id, content } = each as { id: unknown; content: string };
    const inWords = "added_tokens must be found within words too: single_word must be false";
    require(each.single_word !== true, action, inWords, content);
    requireId(id, () => `added_tokens of ${quote(content)}`, action);
    requireSameId(ids.get(content), id, content, "added_tokens", action);
    const other = tokens.get(id) ?? content;
    require(other === content, action, `added_tokens must not take id ${id} from another`, other);
    ids.set(content, id);
    tokens.set(id, content);
  }
}

/** What stands around a text: its tokens must be known, with the ids that are written there. */
function checkTemplate(part: unknown, ids: ReadonlyMap<string, number>, action: string): void {
  for (const [token, id] of templateTokens((part ?? null) as Record<string, unknown> | null)) {
    const known = ids.get(token);
    require(known !== undefined, action, "post_processor must name tokens that it has", token);
    requireSameId(known, id, token, "post_processor", action);
  }
}

/** Each token that a post-processor puts somewhere, with the id that it says of it. */
function* templateTokens(part: Record<string, unknown> | null): Iterable<[string, unknown]> {
  if (part?.type === "Sequence") {
    for (const each of part.processors as Record<string, unknown>[]) yield* templateTokens(each);
  } else if (part?.type === "TemplateProcessing") {
    const special = part.special_tokens as Record<string, { ids?: unknown } | null>;
    for (const { SpecialToken: item } of part.single as { SpecialToken?: { id: string } }[]) {
      if (item === undefined) continue;
      const ids = Object.hasOwn(special, item.id) ? special[item.id]?.ids : undefined;
      yield [item.id, Array.isArray(ids) && ids.length === 1 ? ids[0] : ids];
    }
  } else {
    const { sep, cls } = part ?? {};
    for (const pair of [sep, cls]) if (pair !== undefined) yield pair as [string, unknown];
  }
}

function requireId(id: unknown, place: () => string, action: string): asserts id is number {
  if (isNatural(id) && id <= largestId) return;
  refuse(action, `${place()} must be an integer in 0..${largestId}`, id ?? null);
}

function requireSameId(
  known: number | undefined,
  id: unknown,
  token: string,
  path: string,
  action: string,
): void {
  const isSame = known === undefined || id === known;
  require(isSame, action, `${path} must give ${quote(token)} its id ${known}`, id ?? null);
}

function quote(token: string): string {
  return JSON.stringify(shortened(token));
}
