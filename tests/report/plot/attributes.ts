/** Part of what Plotly reads: tests look at its nested attributes by name. */
// deno-lint-ignore no-explicit-any
export type Attributes = any;
