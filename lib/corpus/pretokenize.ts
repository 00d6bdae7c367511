/** How GPT-2 cuts text before it merges bytes: contractions, words, numbers, symbols, spaces. */
const PATTERN = /'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+/gu;

/** Cuts text into GPT-2's words; joined, they are the text again. */
export function pretokenize(text: string): string[] {
  return text.match(PATTERN) ?? [];
}

/**
 * The printable character that stands for each byte in a byte-level vocabulary (GPT-2's
 * `bytes_to_unicode`): printable Latin-1 bytes stand for themselves, the others are moved in order
 * to U+0100 and above, so that a space reads `Ġ`.
 */
export const BYTE_CHARACTERS: readonly string[] = (() => {
  let moved = 0x100;
  return Array.from({ length: 256 }, (_, byte) => {
    const isPrintable = (byte >= 0x21 && byte <= 0x7e) ||
      (byte >= 0xa1 && byte <= 0xff && byte !== 0xad);
    return String.fromCharCode(isPrintable ? byte : moved++);
  });
})();
