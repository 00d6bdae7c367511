import { type Architecture, type SiteName, siteNames, startCache } from "../model/mod.ts";
import { tf, tidy } from "../tensor/mod.ts";
import { siteWidth } from "./activation_bits.ts";
import { observedSites } from "./observed_sites.ts";
import { observer } from "./observers.ts";
import type { Pass } from "./pass.ts";
import { seenAt, type SiteSeen } from "./seen.ts";
import type { SiteQuantizers } from "./site_quantizer.ts";

/** So many tokens, and so many keys. */
const tokens = 2;

/** The first of them, and the one that is least important. */
const rows = { first: Int32Array.of(0), lower: Int32Array.of(tokens - 1) };

/**
 * Lets passes quantize made-up values at the sites of a block, and make room for keys and values, so that settings
 * which can be none are refused before weights are read, or quantized for hours. What is done to weights is not
 * rehearsed.
 *
 * @throws {InputError} As quantizing values of activations, and keeping keys and values, would.
 */
export function rehearse(passes: readonly Pass[], architecture: Architecture): void {
  tidy(() => {
    let quantizers: SiteQuantizers = {};
    for (const pass of passes) {
      if (pass.cache) startCache({ architecture }, pass.cache)[Symbol.dispose]();
      if (!pass.quantize) continue;
      const at = { architecture, layer: 0, onStep() {} };
      const seen = seenAt(new Map(observed(pass, architecture)));
      quantizers = { ...quantizers, ...pass.quantize(seen, at, quantizers) };
    }
    for (const site of siteNames) {
      const visit = { site, layer: 0, window: 0, ...rows };
      quantizers[site]?.apply(valueAt(site, architecture), visit);
    }
  });
}

/** What a pass sees of its sites. */
function observed(pass: Pass, architecture: Architecture): [SiteName, SiteSeen][] {
  return observedSites(pass).values.map(([site, kind]) => {
    using seeing = observer(kind, 1, `${site} of layer 0`);
    do seeing.see(valueAt(site, architecture), { site, layer: 0, window: 0, ...rows }); while (
      seeing.again()
    );
    return [site, seeing.result()];
  });
}

/** Values as there may be some: of attention maps probabilities, elsewhere both signs and some size. */
function valueAt(site: SiteName, architecture: Architecture): tf.Tensor {
  if (site === "attn.probs") return tf.tensor([1, 0, 0.5, 0.5], [1, tokens, tokens]);
  const width = siteWidth(site, architecture);
  const values = Float32Array.from({ length: tokens * width }, (_, i) => 4 * Math.sin(i + 1));
  return tf.tensor(values, [tokens, width]);
}
