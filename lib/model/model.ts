import type { Architecture } from "./architecture.ts";
import type { BlockSource } from "./source.ts";

/** A decoder. Plain data: its tensors exist while a block of it is open. */
export interface Model {
  /** What to call it in tables and messages. */
  readonly name: string;
  readonly architecture: Architecture;
  /** Where its blocks come from. */
  readonly source: BlockSource;
  /** Sentences for whoever loaded it: what of its files is not used, or not as they say. */
  readonly warnings?: readonly string[];
}

/** What is known of a model before its weights are loaded. */
export type DescribedModel = Pick<Model, "name" | "architecture">;
