import arimo from "./arimo.json" with { type: "json" };

/**
 * The fonts of figures. Arimo comes with them, so that texts are as wide as they were measured
 * whatever a viewer has installed. The next three share its metrics: they serve viewers that are
 * given a spec alone.
 */
export const fontFamily = "Arimo, Arial, Helvetica, Liberation Sans, sans-serif";

/** CSS that brings Arimo, regular and bold, within itself. */
export const fontFaces = [[400, arimo.regular.file], [700, arimo.bold.file]].map(([weight, file]) =>
  `@font-face { font-family: Arimo; font-weight: ${weight}; ` +
  `src: url(data:font/woff2;base64,${file}) format("woff2"); }`
).join("\n");

/** JavaScript for a page with {@linkcode fontFaces}: a promise of when figures can be drawn. */
export const fontsReady =
  `Promise.all(["", "bold "].map((weight) => document.fonts?.load(weight + "12px Arimo")))`;

/** The SVG image with its fonts in it. */
export function withFonts(svg: string): string {
  return svg.replace(/^<svg [^>]*>/, (start) => `${start}<style>${fontFaces}</style>`);
}
