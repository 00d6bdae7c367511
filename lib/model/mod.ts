export * from "./alibi.ts";
export * from "./architecture.ts";
export { type Recall, runAttention } from "./attention.ts";
export * from "./backward.ts";
export * from "./block.ts";
export { BlockFiles } from "./block_files.ts";
export * from "./cache.ts";
export * from "./embedding.ts";
export { familyNames } from "./families.ts";
export { FinalStreams, type FinalStreamsOptions } from "./final_streams.ts";
export { forward, type Forwarded, requireLayers } from "./forward.ts";
export * from "./head.ts";
export type { GroupedPrecision } from "./grouped_tokens.ts";
export { initializeModel } from "./initialize.ts";
export type { CachePrecision } from "./layer_cache.ts";
export { publishedStorage, quantizedForms, watchStorage } from "./linear_storage.ts";
export { loadModel, type LoadOptions, storedBytes } from "./load.ts";
export {
  gibibytes,
  type MemoryPlan,
  type RunMemory,
  runMemory,
  streamBudget,
  streamBytes,
  windowBytes,
} from "./memory.ts";
export { settingFiles } from "./model_files.ts";
export { runMlp } from "./mlp.ts";
export * from "./model.ts";
export { makeNorm, type Norm, normalize } from "./norm.ts";
export { type Block, blockOf, openBlock } from "./open_block.ts";
export * from "./open_model.ts";
export { openOuter, type Outer, type Table } from "./open_outer.ts";
export { blameNonFinite, blameNonFiniteSite } from "./blame_non_finite.ts";
export * from "./operations.ts";
export { openPublished, type PublishedModel, readArchitecture } from "./published.ts";
export * from "./run_windows.ts";
export type { Runner } from "./runner.ts";
export { saveModel } from "./save.ts";
export {
  atSites,
  type BlockPart,
  chainHooks,
  type ChannelSite,
  seenEnough,
  type SiteHook,
  type SiteName,
  siteNames,
  type Visit,
} from "./sites.ts";
export * from "./source.ts";
export * from "./start_token.ts";
export * from "./state.ts";
export { removeStoredBlocks, StoredBlocks } from "./stored_blocks.ts";
export { Streams, type StreamsOptions, tensorStreams } from "./streams.ts";
export * from "./weights.ts";
