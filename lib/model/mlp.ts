import { applyMaps, type TokenRows } from "../linear/mod.ts";
import { gelu, geluTanh, silu, tf } from "../tensor/mod.ts";
import type { Architecture } from "./architecture.ts";
import type { Block } from "./open_block.ts";
import { type BlockHook, hookOfBlock } from "./sites.ts";

const activations = { silu, gelu, geluTanh, relu: (value: tf.Tensor2D) => tf.relu(value) };

/**
 * The MLP of a block, `[rows, channels]` to `[rows, channels]`.
 *
 * @param value Normed.
 * @param at Called at its sites; nothing is unless given.
 * @param rows Which of its rows may be treated apart.
 */
export function runMlp(
  architecture: Architecture,
  { maps: { gate, up, down } }: Pick<Block, "maps">,
  value: tf.Tensor2D,
  at: BlockHook = hookOfBlock(architecture, { layer: 0, window: 0 }),
  rows: TokenRows = {},
): tf.Tensor2D {
  const { activation, gated } = architecture;
  const input = at("mlp.input", value, rows);
  const followed = activations[activation];
  let expanded: tf.Tensor2D;
  if (gated) {
    const [first, factor] = applyMaps([gate!, up!], input, rows);
    const activated = followed(first);
    first.dispose(); // of a large model they are most of the memory
    expanded = tf.mul(activated, factor);
  } else if (activation === "relu") { // in one pass with the bias
    expanded = up!.apply(input, { activation, ...rows });
  } else {
    expanded = followed(up!.apply(input, rows));
  }
  return down!.apply(at("mlp.hidden", expanded, rows), rows);
}
