import type { Architecture, FamilyName } from "./architecture.ts";
import type { Config, ConfigReader } from "./config_reader.ts";
import type { LayerModuleName, OuterModuleName } from "./weights.ts";

/** One family: how to read its configuration and how its checkpoints name their tensors. */
export interface Family {
  name: FamilyName;
  /**
   * Reads config.json.
   * @throws {InputError} If the configuration asks for something this code does not compute.
   */
  architecture(config: ConfigReader): Architecture;
  /** Writes the config.json that {@linkcode architecture} reads back. */
  config(architecture: Architecture): Config;
  names: TensorNames;
}

/** Tensor names without `.weight` and `.bias`. */
export interface TensorNames {
  /** Prefixes checkpoints of this family are found with; the first one is written. */
  prefixes: string[];
  outer: Partial<Record<OuterModuleName, string>>;
  /** What stands before the layer's number. */
  layers: string;
  /**
   * Query, key and value of one name lie in one tensor of rows `[head, {q, k, v}, headDim]` (BLOOM).
   */
  inner: Partial<Record<LayerModuleName, string>>;
  /** Names of tensors in published checkpoints that no model needs. */
  unused?: RegExp;
}
