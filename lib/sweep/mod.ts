export * from "./cell.ts";
export * from "./executor.ts";
export * from "./run_cells.ts";
