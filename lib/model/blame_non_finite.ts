import { refuse } from "../core/mod.ts";
import { firstNonFinite } from "../format/mod.ts";
import { tensorData, type tf, tidy } from "../tensor/mod.ts";
import { type ForwardOptions, runBlock } from "./block.ts";
import { embedTokens } from "./embedding.ts";
import { headInput } from "./head.ts";
import type { Model } from "./model.ts";
import type { OpenModel } from "./open_model.ts";
import { type Block, openBlock } from "./open_block.ts";
import { openOuter, type Outer } from "./open_outer.ts";
import { atSites, chainHooks, type SiteHook, siteNames } from "./sites.ts";
import type { Architecture } from "./architecture.ts";
import type { State } from "./state.ts";
import type { StoredModule } from "./weights.ts";

/** Beyond this the square of a number is no float32: norms overflow. */
const squareLimit = 2 ** 64;

/**
 * Says where a forward pass that ended in NaN stopped being finite: runs it again and looks at every
 * weight, every site but attention maps, the stream after every block and what the head reads.
 *
 * @param action What failed; begins the message.
 * @param ids One window.
 * @throws {InputError} Naming the tensor, or the site, and the layer that is not finite first. Returns
 *   if all are.
 * @throws The reason of the options' signal once it is aborted.
 */
export async function blameNonFinite(
  action: string,
  model: Model,
  ids: Int32Array,
  options: ForwardOptions = {},
): Promise<void> {
  const { architecture, source } = model;
  requireFiniteWeights(action, source.outer, "");
  for (let layer = 0; layer < architecture.layers; layer++) {
    requireFiniteWeights(action, await source.layer(layer), ` of layer ${layer}`);
  }
  using outer = openOuter(source.outer);
  using search = new Search(action, architecture, outer, ids, options);
  for (let layer = 0; layer < architecture.layers; layer++) {
    using block = await openBlock(model, layer);
    search.pass(block);
  }
  search.end();
}

/** As {@linkcode blameNonFinite}, of a model that is open, whose weights are not looked at. */
export function blameNonFiniteSite(
  action: string,
  { architecture, outer, blocks }: OpenModel,
  ids: Int32Array,
  options: ForwardOptions = {},
): void {
  using search = new Search(action, architecture, outer, ids, options);
  for (const block of blocks) search.pass(block);
  search.end();
}

/** A window on its way through the blocks, looked at everywhere. */
class Search implements Disposable {
  #largest = 0;
  #state: State;
  #options: ForwardOptions;

  constructor(
    readonly action: string,
    readonly architecture: Architecture,
    readonly outer: Outer,
    ids: Int32Array,
    options: ForwardOptions,
  ) {
    const sites = siteNames.filter((site) => site !== "attn.probs");
    const tap: SiteHook = atSites(sites, (value, { site, layer }) => {
      this.#look(`${site} of layer ${layer}`, value);
      return value;
    });
    this.#options = { ...options, hook: options.hook ? chainHooks(options.hook, tap) : tap };
    this.#state = tidy(() => embedTokens(architecture, outer, ids));
    this.#look("the embedding", this.#state.hidden);
  }

  /** Takes the window through a block. */
  pass(block: Block): void {
    this.#options.signal?.throwIfAborted();
    const before = this.#state;
    this.#state = tidy(() => runBlock(this.architecture, block, before, this.#options).state);
    before.hidden.dispose();
    this.#look(`the output of layer ${block.layer}`, this.#state.hidden);
  }

  /** Looks at what the head reads. */
  end(): void {
    tidy(() => this.#look("the input of the head", headInput(this, this.#state.hidden)));
  }

  [Symbol.dispose](): void {
    this.#state.hidden.dispose();
  }

  #look(name: string, value: tf.Tensor): void {
    for (const x of tensorData(value)) {
      if (Number.isFinite(x)) continue;
      const reach = this.#largest.toPrecision(2);
      const past = this.#largest < squareLimit ? "" : ` (values reach ${reach} before it)`;
      refuse(this.action, `${name} must be finite${past}`, x);
    }
    for (const x of tensorData(value)) this.#largest = Math.max(this.#largest, Math.abs(x));
  }
}

/** Refuses floats that are not finite; codes always stand for numbers that are. */
function requireFiniteWeights(
  action: string,
  modules: Readonly<Record<string, StoredModule | undefined>>,
  place: string,
): void {
  for (const [name, module] of Object.entries(modules)) {
    const { weight, bias } = module!;
    const found = {
      weight: firstNonFinite(weight)?.value,
      bias: bias?.find((x) => !Number.isFinite(x)),
    };
    for (const [kind, strange] of Object.entries(found)) {
      if (strange !== undefined) refuse(action, `${name}.${kind}${place} must be finite`, strange);
    }
  }
}
