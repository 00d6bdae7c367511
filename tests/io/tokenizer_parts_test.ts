import { assertThrows } from "@std/assert";
import { InputError } from "../../lib/core/mod.ts";
import { checkParts } from "../../lib/io/tokenizer_parts.ts";
import { byteLevelTokenizer, sentencePieceTokenizer } from "./tiny_tokenizers.ts";

function refuses(changes: Record<string, unknown>, rule: string) {
  const changed = () => checkParts({ ...byteLevelTokenizer(), ...changes }, "load it");
  assertThrows(changed, InputError, `Cannot load it: ${rule}`);
}

Deno.test("checkParts() takes tokenizers as GPT-2's and as LLaMA's", () => {
  checkParts(byteLevelTokenizer(), "load it");
  checkParts(sentencePieceTokenizer(["a b"]), "load it");
});

Deno.test("checkParts() refuses a part that is no object or of no known type", () => {
  refuses({ model: 5 }, "model must be an object, got 5");
  refuses({ model: { type: "Abacus" } }, "model.type must be one of BPE, Unigram, WordLevel, ");
  refuses({ decoder: { type: "toString" } }, "decoder.type must be one of BPEDecoder, ");
  refuses({ decoder: [] }, "decoder must be an object, got []");
});

Deno.test("checkParts() coerces nothing", () => {
  const model = byteLevelTokenizer().model as Record<string, unknown>;
  const byteFallback = { model: { ...model, byte_fallback: "false" } };
  refuses(byteFallback, 'model.byte_fallback must be true or false, if it is there, got "false"');
  const pieces = (length: unknown) => ({ pre_tokenizer: { type: "FixedLength", length } });
  refuses(pieces(0), "pre_tokenizer.length must be an integer of 1 or more, got 0");
  refuses(pieces("2"), 'pre_tokenizer.length must be an integer of 1 or more, got "2"');
  refuses({ normalizer: { type: "Prepend" } }, "normalizer.prepend must be a string, got null");
});

Deno.test("checkParts() looks into lists, and names the place", () => {
  const split = { type: "Split", pattern: {}, behavior: "Isolated", invert: false };
  const rule = "must be an object of one string, String or Regex, got {}";
  const sequence = { type: "Sequence", pretokenizers: [{ type: "Whitespace" }, split] };
  refuses({ pre_tokenizer: sequence }, `pre_tokenizer.pretokenizers[1].pattern ${rule}`);
  const none = { type: "Sequence" };
  refuses({ normalizer: none }, "normalizer.normalizers must be a list, got null");
});

Deno.test("checkParts() refuses what the library reads otherwise than its authors mean it", () => {
  const merged = { type: "Split", pattern: { String: " " }, behavior: "MergedWithPrevious" };
  const rule = 'pre_tokenizer.behavior must be Isolated or Removed, got "MergedWithPrevious"';
  refuses({ pre_tokenizer: { ...merged, invert: false } }, rule);
  const model = { ...byteLevelTokenizer().model as object, continuing_subword_prefix: "##" };
  refuses({ model }, 'model.continuing_subword_prefix must be empty, if it is there, got "##"');
});

Deno.test("checkParts() refuses a template that is no list of tokens and the text", () => {
  const template = (single: unknown) => ({
    post_processor: { type: "TemplateProcessing", single, special_tokens: {} },
  });
  const rule = "post_processor.single must be a list of SpecialToken and Sequence A";
  refuses(template(5), `${rule}, got 5`);
  refuses(template([{ Sequence: { id: "B" } }]), `${rule}, got [{"Sequence":{"id":"B"}}]`);
  refuses({ post_processor: { type: "BertProcessing", sep: ["a", 0] } }, "post_processor.cls must");
});
