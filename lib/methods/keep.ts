import type { Method, MethodSettings } from "./method.ts";

/** Leaves a model as it is. */
export const keep: Method<MethodSettings> = { passes: () => [] };
