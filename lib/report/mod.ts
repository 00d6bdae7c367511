export * from "./csv.ts";
export * from "./html.ts";
export * from "./json.ts";
export * from "./latex.ts";
export * from "./markdown.ts";
export * from "./page.ts";
export * from "./table.ts";
export * from "./text.ts";
