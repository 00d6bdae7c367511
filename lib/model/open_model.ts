import { counted, require } from "../core/mod.ts";
import { storedMap } from "../linear/mod.ts";
import { freeBytes, tensorBytes } from "../tensor/mod.ts";
import { gibibytes } from "./memory.ts";
import type { DescribedModel, Model } from "./model.ts";
import { asStored, type Block, openBlock } from "./open_block.ts";
import { openOuter, type Outer } from "./open_outer.ts";

/** A model with all of its blocks open at once. Its owner frees it. */
export interface OpenModel extends DescribedModel, Disposable {
  readonly outer: Outer;
  readonly blocks: readonly Block[];
}

/**
 * Opens every block of a model: for what goes from token to token, such as generating. 16-bit weights stay as they
 * are stored, which a token waits for half as long.
 *
 * @throws {InputError} If the memory of the backend in use does not hold them all.
 */
export async function openModel(model: Model): Promise<OpenModel> {
  const { name, architecture, source } = model;
  const { layers, vocabularySize, embeddingSize } = architecture;
  const free = freeBytes(); // before tensors take it, which they do when they are first read
  let bytes = tensorBytes(vocabularySize * embeddingSize);
  using made = new DisposableStack();
  const outer = made.use(openOuter(source.outer, storedMap));
  const blocks: Block[] = [];
  for (let layer = 0; layer < layers; layer++) {
    const block = made.use(await openBlock(model, layer, asStored));
    blocks.push(block);
    for (const { byteLength } of Object.values(block.maps)) bytes += byteLength;
    const rule = `its ${counted(layers, "block")} and the head must fit into ${
      gibibytes(free)
    } of memory`;
    require(bytes <= free, `open ${name}`, rule, `${gibibytes(bytes)} with ${layer + 1} of them`);
  }
  const owned = made.move();
  return { name, architecture, outer, blocks, [Symbol.dispose]: () => owned.dispose() };
}
