import { assert, assertThrows } from "@std/assert";
import { InputError } from "../../lib/core/mod.ts";
import { attendCached } from "../../lib/model/attend_cached.ts";
import {
  type CachePrecision,
  extend,
  forward,
  type ForwardOptions,
  openModel,
  runAttention,
  startCache,
} from "../../lib/model/mod.ts";
import { hookOfBlock } from "../../lib/model/sites.ts";
import { tensorData, tf, tidy } from "../../lib/tensor/mod.ts";
import { assertFloatsClose, randomTensor } from "../tensor/compare.ts";
import { families, randomIds, randomModel, withRandomModel } from "./tiny_models.ts";

const groups = { bits: 2, groupSize: 4, residual: 8 };

Deno.test("attendCached() in float32 is attention", () =>
  withRandomModel(families.llama, ({ architecture, blocks: [block] }) => {
    tidy(() => {
      const input = randomTensor([11, 24], 1) as tf.Tensor2D;
      const options = {
        ...{ batch: 1, maps: false, name: "attn.probs of layer 0" },
        positionIds: Int32Array.from({ length: 11 }, (_, position) => position),
        at: hookOfBlock(architecture, { layer: 0, window: 0 }),
      };
      const { output } = attendCached(architecture, block, input, options, "float32");
      assertFloatsClose(
        tensorData(output),
        tensorData(runAttention(architecture, block, input)),
        1e-6,
      );
    });
  }));

for (const [name, architecture] of Object.entries(families)) {
  Deno.test(`attendCached() is what pieces of a group see in a cache: ${name}`, async () => {
    using model = await openModel(await randomModel(architecture));
    const ids = randomIds(27);
    const streamsOf = (cache: CachePrecision, together: number) => {
      let seen = startCache(model, cache);
      const values: number[] = [];
      for (let first = 0; first < ids.length; first += together) {
        const next = extend(model, seen, ids.subarray(first, first + together));
        seen[Symbol.dispose]();
        seen = next.cache;
        values.push(...tensorData(next.hidden));
        next.hidden.dispose();
      }
      seen[Symbol.dispose]();
      return values;
    };
    const windowOf = (options: ForwardOptions) =>
      tidy(() => [...tensorData(forward(model, ids, options).hidden)]);
    const inGroups = windowOf({ cache: groups });
    assertFloatsClose(inGroups, streamsOf(groups, 4), 1e-5);
    assertFloatsClose(windowOf({ cache: "int8" }), streamsOf("int8", 27), 1e-6);
    const plain = windowOf({});
    assertFloatsClose(inGroups.slice(0, 8 * 24), plain.slice(0, 8 * 24), 1e-5);
    assert(inGroups.slice(8 * 24).some((each, i) => Math.abs(each - plain[8 * 24 + i]) > 1e-3));
  });
}

Deno.test("attendCached() scores no tokens, and takes one window at a time", () =>
  withRandomModel(families.llama, (model) => {
    const cache = groups;
    const refuses = (options: ForwardOptions, batch: number, message: string) =>
      assertThrows(() => forward(model, randomIds(8), options, batch), InputError, message);
    const ratios = new Map([[1, 0.5]]);
    const pruning = { ratios, importance: "startToken", positions: "keep" } as const;
    const rule = "Cannot score tokens: keys and values must not be in a cache";
    refuses({ cache, pruning }, 1, rule);
    refuses({ cache, lower: { share: 0.5, inherited: false } }, 1, rule);
    refuses({ cache }, 2, "Cannot fill a cache: batch must be 1, got 2");
  }));
