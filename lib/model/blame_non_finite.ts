import { refuse } from "../core/mod.ts";
import { tensorData, type tf, tidy } from "../tensor/mod.ts";
import { type ForwardOptions, runLayer } from "./block.ts";
import { embedTokens } from "./embedding.ts";
import { headInput } from "./head.ts";
import type { Model } from "./model.ts";
import { atSites, chainHooks, siteNames } from "./sites.ts";
import { moduleOf, moduleShapes } from "./weights.ts";

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
 */
export function blameNonFinite(
  action: string,
  model: Model,
  ids: Int32Array,
  options: ForwardOptions = {},
): void {
  requireFiniteWeights(action, model);
  let largest = 0;
  const look = (name: string, value: tf.Tensor) => {
    for (const x of tensorData(value)) {
      if (Number.isFinite(x)) continue;
      const past = largest < squareLimit
        ? ""
        : ` (values reach ${largest.toPrecision(2)} before it)`;
      refuse(action, `${name} must be finite${past}`, x);
    }
    for (const x of tensorData(value)) largest = Math.max(largest, Math.abs(x));
  };
  const sites = siteNames.filter((site) => site !== "attn.probs");
  const tap = atSites(sites, (value, { site, layer }) => {
    look(`${site} of layer ${layer}`, value);
    return value;
  });
  const hook = options.hook ? chainHooks(options.hook, tap) : tap;
  tidy(() => {
    let state = embedTokens(model, ids);
    look("the embedding", state.hidden);
    for (const layer of model.weights.layers.keys()) {
      state = runLayer(model, layer, state, { ...options, hook }).state;
      look(`the output of layer ${layer}`, state.hidden);
    }
    look("the input of the head", headInput(model, state.hidden));
  });
}

/** Refuses weights that are not finite; those that a module keeps in a form of its own are not read. */
function requireFiniteWeights(action: string, { architecture, weights }: Model): void {
  for (const shape of moduleShapes(architecture)) {
    const module = moduleOf(weights, shape);
    const place = shape.layer === null ? "" : ` of layer ${shape.layer}`;
    for (const kind of ["weight", "bias"] as const) {
      const tensor = module[kind];
      if (!tensor || module.apply && kind === "weight") continue;
      const strange = tensorData(tensor).find((x) => !Number.isFinite(x));
      const rule = `${shape.name}.${kind}${place} must be finite`;
      if (strange !== undefined) refuse(action, rule, strange);
    }
  }
}
