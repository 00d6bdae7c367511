import { assertEquals, assertThrows } from "@std/assert";
import { InputError } from "../../lib/core/mod.ts";
import { ScratchFile } from "../../lib/io/mod.ts";
import {
  atSites,
  forward,
  type Forwarded,
  type ForwardOptions,
  type OpenModel,
  seenEnough,
  Streams,
  type Visit,
} from "../../lib/model/mod.ts";
import { tensorData, tf, tidy } from "../../lib/tensor/mod.ts";
import { withFolder } from "../io/temporary_folder.ts";
import { families, randomIds, tinyArchitectures, withRandomModel } from "./tiny_models.ts";

const windows = [30, 7, 21].map((length, seed) => randomIds(length, seed));
const bytesOf = (window: Int32Array) => 4 * families.llama.hiddenSize * window.length;

/** All streams stay, the last ones wait, or all do. */
const budgets = {
  "with room for all": undefined,
  "with room for some": bytesOf(windows[0]) + bytesOf(windows[1]),
  "with room for none": 0,
};

const cases: Record<string, ForwardOptions> = {
  "plain": {},
  "pruned": {
    pruning: {
      ratios: new Map([[0, 0.3], [1, 0.5]]),
      importance: "startToken",
      positions: "renumber",
    },
    lower: { share: 0.3, inherited: true },
  },
};

/** What a run has come to, as plain numbers. */
function plain({ hidden, exits, ...run }: Forwarded) {
  const numbers = (tensor: tf.Tensor) => [tensor.shape, tensorData(tensor).slice()];
  return {
    ...run,
    hidden: numbers(hidden),
    exits: exits.map((exit) => ({ ...exit, hidden: numbers(exit.hidden) })),
  };
}

for (const [name, architecture] of Object.entries(tinyArchitectures)) {
  Deno.test(`Streams that wait on the disk are the forward pass, and leave nothing: ${name}`, () =>
    withFolder((folder) =>
      withRandomModel(architecture, (model) => {
        for (const options of Object.values(cases)) {
          const before = tf.memory().numTensors;
          {
            using scratch = new ScratchFile(folder);
            const budget = bytesOf(windows[0]);
            using streams = new Streams(model, windows, { budget, scratch });
            using inMemory = new Streams(model, windows, { budget });
            for (const block of model.blocks) {
              for (const index of windows.keys()) {
                for (const each of [streams, inMemory]) {
                  if (index === 1) each.look(index, block, { ...options, keep: true });
                  if (index === 2) each.attend(index, block, options);
                  each.advance(index, block, options);
                }
              }
            }
            for (const index of windows.keys()) {
              tidy(() => assertEquals(plain(streams.at(index)), plain(inMemory.at(index))));
            }
          }
          assertEquals(tf.memory().numTensors, before);
          assertEquals([...Deno.readDirSync(folder)], []);
        }
      })
    ));

  for (const [room, budget] of Object.entries(budgets)) {
    for (const [how, options] of Object.entries(cases)) {
      Deno.test(`Streams block by block are the forward pass, ${how}, ${room}: ${name}`, () =>
        withRandomModel(architecture, (model) => {
          using streams = new Streams(model, windows, { budget });
          assertEquals(streams.length, 3);
          for (const block of model.blocks) {
            for (const index of windows.keys()) streams.advance(index, block, options);
          }
          for (const [index, window] of windows.entries()) {
            tidy(() => {
              const expected = plain(forward(model, window, options));
              assertEquals(plain(streams.at(index)), expected);
            });
          }
        }));
    }
  }
}

/** Runs a test; fails if it leaves tensors behind. */
function withoutLeak(model: OpenModel, test: (model: OpenModel) => void): void {
  const before = tf.memory();
  test(model);
  assertEquals(tf.memory().numTensors, before.numTensors);
  assertEquals(tf.memory().numBytes, before.numBytes);
}

Deno.test("Streams that look at a block stay before it", () =>
  withRandomModel(families.llama, (model) => {
    for (const budget of Object.values(budgets)) {
      withoutLeak(model, () => {
        using streams = new Streams(model, windows, { budget });
        const before = tidy(() => plain(streams.at(1)));
        let calls = 0;
        const hook = atSites(["mlp.hidden"], (value) => {
          calls++;
          return value;
        });
        streams.look(1, model.blocks[0], { ...cases.pruned, hook });
        assertEquals(tidy(() => plain(streams.at(1))), before);
        assertEquals(calls, 1);
      });
    }
  }));

for (const [how, options] of Object.entries(cases)) {
  for (const [room, budget] of Object.entries(budgets)) {
    Deno.test(`Streams in two steps are the forward pass, ${how}, ${room}`, () =>
      withRandomModel(families.llama, (model) => {
        withoutLeak(model, () => {
          using streams = new Streams(model, windows, { budget });
          for (const block of model.blocks) {
            for (const index of windows.keys()) {
              streams.attend(index, block, options);
              const met: string[] = [];
              const hook = atSites(["attn.q", "mlp.input"], (value, { site }) => {
                met.push(site);
                return value;
              });
              streams.look(index, block, { ...options, hook });
              assertEquals(met, ["mlp.input"]);
              streams.advance(index, block, options);
            }
          }
          const expected = tidy(() => plain(forward(model, windows[0], options)));
          assertEquals(tidy(() => plain(streams.at(0))), expected);
        });
      }));

    Deno.test(`Streams keep what a look came to, and advance at no cost, ${how}, ${room}`, () =>
      withRandomModel(families.llama, (model) => {
        withoutLeak(model, () => {
          using streams = new Streams(model, windows, { budget });
          using alone = new Streams(model, windows, { budget });
          const [block, other] = model.blocks;
          const before = tidy(() => plain(streams.at(1)));
          streams.look(1, block, { ...options, keep: true });
          streams.look(1, block, { ...options, keep: true });
          streams.look(2, block, { ...options, keep: true }); // freed with the streams
          assertEquals(tidy(() => plain(streams.at(1))), before);
          streams.advance(1, other, options); // not looked at
          alone.advance(1, block, options);
          assertEquals(tidy(() => plain(streams.at(1))), tidy(() => plain(alone.at(1))));
          streams.advance(1, other, options);
          alone.advance(1, other, options);
          assertEquals(tidy(() => plain(streams.at(1))), tidy(() => plain(alone.at(1))));
        });
      }));
  }
}

Deno.test("Streams end a look where the hook has seen enough, and stay before the block", () =>
  withRandomModel(families.llama, (model) => {
    withoutLeak(model, () => {
      using streams = new Streams(model, windows);
      const before = tidy(() => plain(streams.at(0)));
      const met: string[] = [];
      const hook = atSites(["attn.output", "mlp.input"], (_, { site }) => {
        met.push(site);
        throw seenEnough;
      });
      streams.look(0, model.blocks[0], { hook, keep: true });
      assertEquals(met, ["attn.output"]);
      assertEquals(tidy(() => plain(streams.at(0))), before);
      const reason = new Error("another");
      const fail = atSites(["attn.output"], () => {
        throw reason;
      });
      assertThrows(() => streams.look(0, model.blocks[0], { hook: fail }), Error, "another");
    });
  }));

for (const [room, budget] of Object.entries(budgets)) {
  Deno.test(`Streams are copied with what has become of them, ${room}`, () =>
    withFolder((folder) =>
      withRandomModel(families.llama, (model) => {
        using scratch = new ScratchFile(folder);
        for (const options of [{ budget }, { budget, scratch }]) {
          const before = tf.memory().numTensors;
          {
            using streams = new Streams(model, windows, options);
            const [first, second] = model.blocks;
            const states = (own: Streams) =>
              windows.map((_, index) => tidy(() => plain(own.at(index))));
            windows.forEach((_, index) => streams.advance(index, first, cases.pruned));
            const inBetween = states(streams);
            using copy = streams.copy();
            windows.forEach((_, index) => streams.advance(index, second, cases.pruned));
            const behind = states(streams);
            assertEquals(states(copy), inBetween);
            windows.forEach((_, index) => copy.advance(index, second, cases.pruned));
            assertEquals([states(copy), states(streams)], [behind, behind]);
          }
          assertEquals(tf.memory().numTensors, before);
        }
      })
    ));
}

Deno.test("Streams tell hooks which window they see", () =>
  withRandomModel(families.opt, (model) => {
    using streams = new Streams(model, windows, { first: 5 });
    const seen: Visit[] = [];
    const hook = atSites(["attn.q"], (value, visit) => {
      seen.push(visit);
      return value;
    });
    streams.look(2, model.blocks[1], { hook });
    streams.advance(0, model.blocks[0], { hook });
    const first = Int32Array.of(0);
    assertEquals(seen, [
      { site: "attn.q", layer: 1, window: 7, first },
      { site: "attn.q", layer: 0, window: 5, first },
    ]);
  }));

Deno.test("Streams free all that they hold, on their way too", () =>
  withRandomModel(families.bloom, (model) => {
    for (const budget of Object.values(budgets)) {
      withoutLeak(model, () => {
        using streams = new Streams(model, windows, { budget });
        streams.advance(0, model.blocks[0], cases.pruned);
        streams.advance(2, model.blocks[0], cases.pruned);
        streams.advance(2, model.blocks[1], cases.pruned);
      });
    }
  }));

Deno.test("Streams without room keep in the memory of tensors what left early alone", () =>
  withRandomModel(families.llama, (model) => {
    const before = tf.memory().numTensors;
    using streams = new Streams(model, windows, { budget: 0 });
    assertEquals(tf.memory().numTensors, before);
    for (const index of windows.keys()) streams.advance(index, model.blocks[0], cases.pruned);
    assertEquals(tf.memory().numTensors, before + windows.length);
  }));

Deno.test("Streams free what they hold when a window or a block is refused", () =>
  withRandomModel(families.opt, (model) => {
    withoutLeak(model, () => {
      assertThrows(
        () => new Streams(model, [...windows, new Int32Array(65)]),
        InputError,
        "Cannot run the model: a window must have 1..64 tokens, got 65",
      );
      const { pruning } = cases.pruned;
      for (const budget of Object.values(budgets)) {
        using streams = new Streams(model, windows, { budget });
        const wrong = { pruning: { ...pruning!, ratios: new Map([[0, 2]]) } };
        assertThrows(() => streams.advance(0, model.blocks[0], wrong), InputError, "ratio must");
        streams.advance(0, model.blocks[0]);
      }
    });
  }));
