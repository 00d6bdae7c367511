import { assertEquals, assertNotEquals } from "@std/assert";
import {
  atSites,
  embedTokens,
  type Pruning,
  runBlock,
  type SiteHook,
  siteNames,
  type Visit,
} from "../../lib/model/mod.ts";
import { tensorData, tf, tidy } from "../../lib/tensor/mod.ts";
import { randomIds, tinyArchitectures, withRandomModel } from "./tiny_models.ts";

const grouped =
  tinyArchitectures["llama with grouped queries, wide heads, biases and a head of its own"];

Deno.test("runBlock() hands every site to the hook, with its shape", async () => {
  await withRandomModel(grouped, ({ architecture, outer, blocks }) => {
    tidy(() => {
      const met: [Visit, number[]][] = [];
      const hook: SiteHook = (value, visit) => {
        met.push([visit, value.shape]);
        return value;
      };
      runBlock(architecture, blocks[1], embedTokens(architecture, outer, randomIds(5)), { hook });
      const place = { layer: 1, window: 0, first: Int32Array.of(0) };
      assertEquals(met, [
        [{ site: "attn.input", ...place }, [5, 24]],
        [{ site: "attn.qBeforeRotary", ...place }, [5, 48]],
        [{ site: "attn.kBeforeRotary", ...place }, [5, 16]],
        [{ site: "attn.q", ...place }, [5, 48]],
        [{ site: "attn.k", ...place }, [5, 16]],
        [{ site: "attn.v", ...place }, [5, 16]],
        [{ site: "attn.probs", layer: 1, window: 0, firstHead: 0 }, [6, 5, 5]],
        [{ site: "attn.output", ...place }, [5, 48]],
        [{ site: "mlp.input", ...place }, [5, 24]],
        [{ site: "mlp.hidden", ...place }, [5, 40]],
      ]);
    });
  });
});

Deno.test("runBlock() has no sites before rotary positions where there are none", async () => {
  for (const each of [tinyArchitectures.opt, tinyArchitectures.bloom]) {
    await withRandomModel(each, ({ architecture, outer, blocks }) => {
      tidy(() => {
        const sites: string[] = [];
        const hook: SiteHook = (value, { site }) => {
          sites.push(site);
          return value;
        };
        runBlock(architecture, blocks[0], embedTokens(architecture, outer, randomIds(5)), { hook });
        assertEquals(sites, [
          ...["attn.input", "attn.q", "attn.k", "attn.v", "attn.probs", "attn.output"],
          ...["mlp.input", "mlp.hidden"],
        ]);
      });
    });
  }
});

Deno.test("runBlock() tells hooks which rows are first tokens: of all windows, and of none behind the first", async () => {
  await withRandomModel(grouped, (model) => {
    const { architecture, outer, blocks } = model;
    const firstOf = (run: (hook: SiteHook) => unknown) => {
      const met = new Map<string, number[]>();
      const hook = atSites(siteNames.filter((site) => site !== "attn.probs"), (value, visit) => {
        met.set(visit.site, [...met.get(visit.site) ?? [], ...visit.first ?? []]);
        return value;
      });
      tidy(() => void run(hook));
      assertEquals(met.size, 9);
      return [...new Set([...met.values()].map((rows) => rows.join()))];
    };
    const state = embedTokens(architecture, outer, randomIds(5));
    assertEquals(firstOf((hook) => runBlock(architecture, blocks[1], state, { hook })), ["0"]);
    const halves = { ...embedTokens(architecture, outer, randomIds(6)), batch: 2 };
    const batch = { ...halves, positions: Int32Array.of(0, 1, 2) };
    assertEquals(firstOf((hook) => runBlock(architecture, blocks[1], batch, { hook })), ["0,3"]);
    const later = { ...state, positions: state.positions.map((place) => place + 3) };
    assertEquals(firstOf((hook) => runBlock(architecture, blocks[1], later, { hook })), [""]);
    const cached = { bits: 8, groupSize: 2, residual: 2 };
    assertEquals(
      firstOf((hook) => runBlock(architecture, blocks[1], state, { hook, cache: cached })),
      ["0"],
    );
    const pruning: Pruning = {
      ...{ ratios: new Map([[1, 0.5]]), importance: "startToken", positions: "renumber" },
    };
    assertEquals(firstOf((hook) => runBlock(architecture, blocks[1], state, { hook, pruning })), [
      "0",
    ]);
  });
});

Deno.test("runBlock() goes on with what the hook returns, at every site", async () => {
  for (const each of Object.values(tinyArchitectures)) {
    await withRandomModel(each, ({ architecture, outer, blocks }) => {
      tidy(() => {
        const state = embedTokens(architecture, outer, randomIds(5));
        const sites = new Set<string>();
        const plain = runBlock(architecture, blocks[0], state, {
          hook: (value, { site }) => {
            sites.add(site);
            return value;
          },
        }).state.hidden;
        for (const target of sites) {
          const changed = runBlock(architecture, blocks[0], state, {
            hook: (value, { site }) => site === target ? tf.mul(value, 0.5) : value,
          }).state.hidden;
          assertNotEquals(tensorData(changed), tensorData(plain), `${target} changes nothing`);
        }
      });
    });
  }
});

Deno.test("runBlock() leaves the state it was given as it is", async () => {
  await withRandomModel(grouped, ({ architecture, outer, blocks }) => {
    tidy(() => {
      const state = embedTokens(architecture, outer, randomIds(5));
      const before = tensorData(state.hidden).slice();
      runBlock(architecture, blocks[0], state);
      assertEquals(tensorData(state.hidden), before);
      assertEquals(state.positions, Int32Array.of(0, 1, 2, 3, 4));
    });
  });
});
