export * from "./cell.ts";
export * from "./run_cells.ts";
