export * from "./cell.ts";
export * from "./cell_server.ts";
export * from "./executor.ts";
export * from "./processes.ts";
export * from "./run_cells.ts";
