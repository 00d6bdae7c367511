import { assertEquals, assertNotEquals } from "@std/assert";
import { embedTokens, runLayer, type SiteHook, type Visit } from "../../lib/model/mod.ts";
import { tensorData, tf, tidy } from "../../lib/tensor/mod.ts";
import { randomIds, tinyArchitectures, withRandomModel } from "./tiny_models.ts";

const grouped =
  tinyArchitectures["llama with grouped queries, wide heads, biases and a head of its own"];

Deno.test("runLayer() hands every site to the hook, with its shape", async () => {
  await withRandomModel(grouped, (model) => {
    tidy(() => {
      const met: [Visit, number[]][] = [];
      const hook: SiteHook = (value, visit) => {
        met.push([visit, value.shape]);
        return value;
      };
      runLayer(model, 1, embedTokens(model, randomIds(5)), { hook });
      assertEquals(met, [
        [{ site: "attn.input", layer: 1 }, [5, 24]],
        [{ site: "attn.qBeforeRotary", layer: 1 }, [5, 48]],
        [{ site: "attn.kBeforeRotary", layer: 1 }, [5, 16]],
        [{ site: "attn.q", layer: 1 }, [5, 48]],
        [{ site: "attn.k", layer: 1 }, [5, 16]],
        [{ site: "attn.v", layer: 1 }, [5, 16]],
        [{ site: "attn.probs", layer: 1, firstHead: 0 }, [6, 5, 5]],
        [{ site: "attn.output", layer: 1 }, [5, 48]],
        [{ site: "mlp.input", layer: 1 }, [5, 24]],
        [{ site: "mlp.hidden", layer: 1 }, [5, 40]],
      ]);
    });
  });
});

Deno.test("runLayer() has no sites before rotary positions where there are none", async () => {
  for (const architecture of [tinyArchitectures.opt, tinyArchitectures.bloom]) {
    await withRandomModel(architecture, (model) => {
      tidy(() => {
        const sites: string[] = [];
        const hook: SiteHook = (value, { site }) => {
          sites.push(site);
          return value;
        };
        runLayer(model, 0, embedTokens(model, randomIds(5)), { hook });
        assertEquals(sites, [
          ...["attn.input", "attn.q", "attn.k", "attn.v", "attn.probs", "attn.output"],
          ...["mlp.input", "mlp.hidden"],
        ]);
      });
    });
  }
});

Deno.test("runLayer() goes on with what the hook returns, at every site", async () => {
  for (const architecture of Object.values(tinyArchitectures)) {
    await withRandomModel(architecture, (model) => {
      tidy(() => {
        const state = embedTokens(model, randomIds(5));
        const sites = new Set<string>();
        const plain = runLayer(model, 0, state, {
          hook: (value, { site }) => {
            sites.add(site);
            return value;
          },
        }).state.hidden;
        for (const target of sites) {
          const changed = runLayer(model, 0, state, {
            hook: (value, { site }) => site === target ? tf.mul(value, 0.5) : value,
          }).state.hidden;
          assertNotEquals(tensorData(changed), tensorData(plain), `${target} changes nothing`);
        }
      });
    });
  }
});

Deno.test("runLayer() leaves the state it was given as it is", async () => {
  await withRandomModel(grouped, (model) => {
    tidy(() => {
      const state = embedTokens(model, randomIds(5));
      const before = tensorData(state.hidden).slice();
      runLayer(model, 0, state);
      assertEquals(tensorData(state.hidden), before);
      assertEquals(state.positions, Int32Array.of(0, 1, 2, 3, 4));
    });
  });
});
