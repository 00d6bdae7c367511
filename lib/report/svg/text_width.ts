import { Encodings, Font, FontNames } from "npm:@pdf-lib/standard-fonts@1.0.0";

/** Helvetica's metrics, which Arial and Liberation Sans share. */
const faces = {
  regular: Font.load(FontNames.Helvetica),
  bold: Font.load(FontNames.HelveticaBold),
};

/** Share of the font size above and below the baseline, as browsers take Arial's line box. */
export const ascent = 0.905;
export const descent = 0.212;

/** Of signs that Helvetica's tables do not have, such as superscript digits: a digit's width. */
const unknownWidth = 556;

/**
 * The width of a line of text, CSS pixels.
 *
 * @param size The font size, CSS pixels.
 */
export function textWidth(text: string, size: number, bold: boolean): number {
  const face = bold ? faces.bold : faces.regular;
  let units = 0;
  for (const sign of text) units += glyphWidth(face, sign.codePointAt(0)!);
  return units * size / 1000;
}

function glyphWidth(face: Font, codePoint: number): number {
  if (codePoint === 0x200b) return 0; // the zero-width space that Plotly ends sub- and superscripts with
  if (!Encodings.WinAnsi.canEncodeUnicodeCodePoint(codePoint)) return unknownWidth;
  return face.getWidthOfGlyph(Encodings.WinAnsi.encodeUnicodeCodePoint(codePoint).name) ??
    unknownWidth;
}
