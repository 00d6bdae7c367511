/**
 * Where @huggingface/tokenizers 0.2.0 reads a tokenizer.json otherwise than the library that its format
 * is from (`tokenizers` for Rust and Python, 0.23), and what makes it do the same.
 */
import {
  ByteFallbackDecoder,
  SequenceDecoder,
  type Tokenizer,
} from "npm:@huggingface/tokenizers@0.2.0";

/** Keeps a byte order mark that is written in bytes: `TextDecoder` takes one in front for no text. */
export function keepByteOrderMarks({ decoder }: Pick<Tokenizer, "decoder">): void {
  const parts = decoder instanceof SequenceDecoder ? decoder.decoders : [decoder];
  for (const part of parts) {
    if (part instanceof ByteFallbackDecoder) {
      part.text_decoder = new TextDecoder("utf-8", { ignoreBOM: true });
    }
  }
}
