import arimo from "./arimo.json" with { type: "json" };

/** Share of the font size above and below the baseline, as browsers take Arimo's line box. */
export const ascent = 0.905;
export const descent = 0.212;

/** Of signs that Arimo's Latin part does not have, which another font draws: as wide as any sign. */
const unknownWidth = 1;

/** The advance width of each sign, in font sizes. */
const widths = { regular: readWidths(arimo.regular.widths), bold: readWidths(arimo.bold.widths) };

/** Widths are stored in units of 1/2048, each with the signs that have it. */
function readWidths(signs: Record<string, string>): Map<string, number> {
  return new Map(
    Object.entries(signs).flatMap(([units, own]) =>
      [...own].map((sign): [string, number] => [sign, Number(units) / 2048])
    ),
  );
}

/**
 * The width of a line of text in Arimo, CSS pixels.
 *
 * @param size The font size, CSS pixels.
 */
export function textWidth(text: string, size: number, bold: boolean): number {
  const known = bold ? widths.bold : widths.regular;
  let width = 0;
  for (const sign of text) width += known.get(sign) ?? unknownWidth;
  return width * size;
}
