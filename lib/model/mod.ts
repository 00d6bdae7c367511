export * from "./alibi.ts";
export * from "./architecture.ts";
export type { Recall } from "./attention.ts";
export * from "./block.ts";
export * from "./cache.ts";
export type { CachePrecision } from "./cached_tokens.ts";
export * from "./embedding.ts";
export * from "./forward.ts";
export * from "./head.ts";
export { initializeModel } from "./initialize.ts";
export { loadModel, readArchitecture } from "./load.ts";
export * from "./model.ts";
export type { Forwarded } from "./run_layers.ts";
export { blameNonFinite } from "./blame_non_finite.ts";
export { saveModel } from "./save.ts";
export {
  atSites,
  chainHooks,
  type SiteHook,
  type SiteName,
  siteNames,
  type Visit,
} from "./sites.ts";
export * from "./start_token.ts";
export * from "./state.ts";
export * from "./weights.ts";
