export * from "./csv.ts";
export type { Figure, FigureVerdict } from "./figure.ts";
export * from "./json.ts";
export * from "./latex.ts";
export * from "./markdown.ts";
export * from "./plot/mod.ts";
export { renderSvg } from "./svg/render.ts";
export * from "./table.ts";
export * from "./text.ts";
