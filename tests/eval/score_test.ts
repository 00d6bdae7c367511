import { assert, assertEquals, assertThrows } from "@std/assert";
import { InputError, seededRandom } from "../../lib/core/mod.ts";
import { scoreWindow } from "../../lib/eval/mod.ts";
import {
  disposeModel,
  forward,
  type ForwardOptions,
  logits,
  type Model,
  withLinearWeights,
} from "../../lib/model/mod.ts";
import { tf, tidy } from "../../lib/tensor/mod.ts";
import { logSoftmax } from "./log_softmax.ts";
import { assertClose, pruning, randomIds, tinyModels, withModel } from "./tiny_models.ts";

const window = randomIds(40, 5);
const count = window.length - 1;

/** The log-probabilities at each position of the window, from its last hidden state alone. */
function slowLogProbabilities(model: Model, options: ForwardOptions): Float64Array[] {
  return tidy(() => {
    const { hidden, positions, exits } = forward(model, window, options);
    const rows: Float64Array[] = [];
    for (const group of [{ hidden, positions }, ...exits]) {
      group.positions.forEach((position, row) => {
        const state = tf.slice2d(group.hidden, [row, 0], [1, -1]);
        rows[position] = logSoftmax(logits(model, state).dataSync());
      });
    }
    return rows.slice(0, count);
  });
}

const divergenceOf = (p: Float64Array, q: Float64Array) =>
  p.reduce((sum, log, i) => sum + Math.exp(log) * (log - q[i]), 0);
const best = (p: Float64Array) => p.indexOf(Math.max(...p));

/** The model with noise on its linear maps: another model of the same vocabulary. */
function noisy(model: Model): Promise<Model> {
  const random = seededRandom(8);
  return withLinearWeights(model, (module) => {
    const values = module.weight.dataSync().map((value) => value + 0.05 * random.normal());
    return { ...module, weight: tf.tensor(values, module.weight.shape) };
  });
}

async function withNoisy(model: Model, run: (other: Model) => void | Promise<void>) {
  const other = await noisy(model);
  await run(other);
  disposeModel(other, model);
}

for (const name of tinyModels) {
  for (const [title, options] of [["all tokens", {}], ["pruning", { pruning }]] as const) {
    Deno.test(`scoreWindow() takes the loss of the original next token: ${name}, ${title}`, () =>
      withModel(name, (model) => {
        const expected = slowLogProbabilities(model, options).map((log, position) =>
          -log[window[position + 1]]
        );
        assertClose(scoreWindow(model, window, options).loss, expected, 1e-5);
      }));
  }
}

Deno.test("scoreWindow() marks the positions that reached the end", () =>
  withModel("llama", (model) => {
    const ends = tidy(() => forward(model, window, { pruning }).positions);
    const { survived } = scoreWindow(model, window, { pruning });
    assertEquals(ends.length, 14);
    assertEquals(
      [...survived.keys()].filter((i) => survived[i]),
      [...ends].filter((i) => i < count),
    );
    assertEquals(scoreWindow(model, window).survived, new Uint8Array(count).fill(1));
    // A hundredth of 40 tokens is none.
    const nobody = { ...pruning, ratios: new Map([[1, 0.01]]) };
    assertEquals(scoreWindow(model, window, { pruning: nobody }), scoreWindow(model, window));
  }));

Deno.test("scoreWindow() scores a pruned position even if the token it predicts was pruned", () =>
  withModel("opt-pre", (model) => {
    const { loss, survived } = scoreWindow(model, window, { pruning });
    const both = [...survived.keys()].filter((i) => !survived[i] && survived[i + 1] === 0);
    assert(both.length > 0);
    for (const position of both) assert(loss[position] > 0);
    // The last token is predicted but predicts nothing; changing it changes the last loss alone.
    const changed = window.slice();
    changed[count] = (changed[count] + 1) % 512;
    const dense = scoreWindow(model, window).loss;
    const other = scoreWindow(model, changed).loss;
    assertEquals(other.slice(0, count - 1), dense.slice(0, count - 1));
    assert(other[count - 1] !== dense[count - 1]);
  }));

Deno.test("scoreWindow() lets a pruned position exit before the MLP of its block", () =>
  withModel("llama", (model) => {
    const early = scoreWindow(model, window, { pruning });
    const dense = scoreWindow(model, window);
    const changed = (flag: number) =>
      [...early.survived.keys()].filter((i) =>
        early.survived[i] === flag && early.loss[i] !== dense.loss[i]
      ).length;
    assertEquals(changed(0), count - early.survived.reduce((sum, flag) => sum + flag, 0));
    assert(changed(1) > 0);
  }));

for (const [title, options] of [["all tokens", {}], ["pruning", { pruning }]] as const) {
  Deno.test(`scoreWindow() compares with the reference at the same position: ${title}`, () =>
    withModel("llama", (reference) =>
      withNoisy(reference, (model) => {
        const scores = scoreWindow(model, window, options, reference);
        const p = slowLogProbabilities(reference, {});
        const q = slowLogProbabilities(model, options);
        assertClose(scores.divergence!, p.map((log, i) => divergenceOf(log, q[i])), 1e-4);
        assertEquals([...scores.agreement!], p.map((log, i) => Number(best(log) === best(q[i]))));
        const agreeing = scores.agreement!.reduce((sum, flag) => sum + flag, 0);
        assert(agreeing > 0 && agreeing < count, "a comparison that says nothing");
        assertEquals(scores.loss, scoreWindow(model, window, options).loss);
        assertClose(scores.referenceLoss!, scoreWindow(reference, window).loss, 1e-5);
      })));
}

Deno.test("scoreWindow() finds a model to agree with itself exactly", () =>
  withModel("bloom", (model) => {
    const { divergence, agreement } = scoreWindow(model, window, {}, model);
    assertEquals(divergence, new Float32Array(count));
    assertEquals(agreement, new Uint8Array(count).fill(1));
    const alone = scoreWindow(model, window);
    assertEquals(Object.keys(alone), ["loss", "survived"]);
  }));

Deno.test("scoreWindow() gives the same scores whatever the logit budget", () =>
  withModel("opt-pre", (reference) =>
    withNoisy(reference, (model) => {
      const whole = scoreWindow(model, window, { pruning }, reference);
      for (const rows of [0, 1, 7, 38]) {
        const parts = scoreWindow(model, window, { pruning }, reference, rows * 512);
        assertClose(parts.loss, whole.loss, 1e-5);
        assertClose(parts.divergence!, whole.divergence!, 1e-5);
        assertEquals(parts.agreement, whole.agreement);
        assertEquals(parts.survived, whole.survived);
      }
    })));

Deno.test("scoreWindow() holds no more rows of logits than the budget allows", () =>
  withModel("opt-pre", async (model) => {
    for (const [budget, rows] of [[4 * 512 + 511, 4], [1, 1], [undefined, count]]) {
      const { kernels } = await tf.profile(() => {
        scoreWindow(model, window, {}, undefined, budget);
        return [];
      });
      const shapes = kernels.flatMap(({ outputShapes }) => outputShapes);
      const logitRows = shapes.filter(([, columns]) => columns === 512).map(([tokens]) => tokens);
      assertEquals(Math.max(...logitRows), rows);
    }
  }));

Deno.test("scoreWindow() refuses short windows, other vocabularies and NaN", () =>
  withModel("opt-pre", (model) => {
    const refused = (run: () => void, message: string) => assertThrows(run, InputError, message);
    refused(
      () => scoreWindow(model, Int32Array.of(3)),
      "Cannot score a window with opt-pre: it must have at least 2 tokens, got 1",
    );
    const architecture = { ...model.architecture, vocabularySize: 500 };
    refused(
      () => scoreWindow(model, window, {}, { ...model, architecture }),
      "Cannot score a window with opt-pre: the reference must know 512 tokens, got 500",
    );
    const hook = (value: tf.Tensor) => tf.mul(value, NaN);
    refused(
      () => scoreWindow(model, window, { hook }),
      "Cannot score a window with opt-pre: attn.input of layer 0 must be finite, got NaN",
    );
  }));
