import { assert, assertEquals, assertRejects } from "@std/assert";
import { InputError, type Progress } from "../../lib/core/mod.ts";
import { cutWindows, perplexity, readScores, scoreWindows } from "../../lib/eval/mod.ts";
import { pruning, randomIds, withModel } from "./tiny_models.ts";

const ids = randomIds(130, 4);

/** Progress that writes down what it is told. */
function recorded(): Progress & { calls: string[] } {
  const calls: string[] = [];
  return {
    calls,
    start: (label, total) => calls.push(`${label}: ${total}`),
    update: (done) => calls.push(`${done}`),
    finish: () => calls.push("finished"),
    say: (message) => calls.push(message),
  };
}

Deno.test("perplexity() is exp of the mean over windows of the mean loss", () =>
  withModel("opt-pre", async (model) => {
    const result = await perplexity(model, ids, { window: 40 });
    const windows = [0, 40, 80].map((from) => ids.slice(from, from + 40));
    const means = (await scoreWindows(model, windows)).map(({ loss }) =>
      loss.reduce((sum, value) => sum + value, 0) / 39
    );
    const expected = Math.exp((means[0] + means[1] + means[2]) / 3);
    const { value, low, high } = result.perplexity;
    assert(Math.abs(value - expected) < 1e-9 * expected);
    assert(low! <= value && value <= high!);
    assertEquals([result.windows, result.scored, result.allPositions], [3, 3 * 39, undefined]);
    assert(result.seconds > 0);
    assertEquals(result.tokensPerSecond, 120 / result.seconds);
    assertEquals((await perplexity(model, ids, { window: 40 })).perplexity, result.perplexity);
  }));

Deno.test("perplexity() reads a pruned run on its survivors and on all positions", () =>
  withModel("llama", async (model) => {
    const result = await perplexity(model, ids, { window: 40, pruning });
    const windows = cutWindows(ids, { window: 40, startToken: { place: "none" } });
    const scores = await scoreWindows(model, windows, { pruning });
    assertEquals(result.perplexity, readScores(scores, scores).perplexity);
    assertEquals(result.allPositions, readScores(scores).perplexity);
    assertEquals(result.scored, readScores(scores, scores).scored);
  }));

Deno.test("perplexity() takes the model's longest window and its start token by itself", () =>
  withModel("opt-pre", async (model) => {
    const architecture = { ...model.architecture, maxPositions: 60, startsEveryWindow: true };
    const started = { ...model, architecture };
    const expected = await perplexity(model, ids, {
      window: 60,
      startToken: { place: "window", id: 2 },
    });
    assertEquals(expected.windows, 2);
    assertEquals((await perplexity(started, ids)).perplexity, expected.perplexity);
    const bare = await perplexity(started, ids, { startToken: { place: "none" } });
    assert(bare.perplexity.value !== expected.perplexity.value);
  }));

Deno.test("perplexity() takes 2048 tokens where the model sets no limit", () =>
  withModel("bloom", async (model) => {
    await assertRejects(
      () => perplexity(model, ids),
      InputError,
      "Cannot cut windows: the text must have at least 2048 tokens, got 130",
    );
  }));

Deno.test("perplexity() reports progress and stops on the way when it is told to", () =>
  withModel("bloom", async (model) => {
    const progress = recorded();
    await perplexity(model, ids, { window: 40, progress });
    // Three windows pass three blocks together, then the head one by one: four steps each.
    const steps = Array.from({ length: 12 }, (_, step) => `${(step + 1) / 4}`);
    assertEquals(progress.calls, ["perplexity of bloom: 3", ...steps, "finished"]);

    const stopped = recorded();
    const controller = new AbortController();
    const update = (done: number) => {
      stopped.update(done);
      if (done === 1) controller.abort();
    };
    const options = { window: 40, progress: { ...stopped, update }, signal: controller.signal };
    const error = await assertRejects(() => perplexity(model, ids, options));
    assertEquals(error, controller.signal.reason);
    assertEquals(stopped.calls, ["perplexity of bloom: 3", ...steps.slice(0, 4)]);
  }));
