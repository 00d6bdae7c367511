export * from "./site_tap.ts";
export * from "./site_values.ts";
