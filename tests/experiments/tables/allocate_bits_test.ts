import { assert, assertAlmostEquals, assertEquals, assertRejects, assertThrows } from "@std/assert";
import fc from "fast-check";
import {
  allocateBits,
  averageBits,
  type MeasuredBits,
  measureSensitivities,
  requireAllocating,
  requireBudget,
  type SensitivityOptions,
} from "../../../experiments/tables/allocate_bits.ts";
import { InputError, silent } from "../../../lib/core/mod.ts";
import { methods } from "../../../lib/methods/mod.ts";
import { withModel } from "../../eval/tiny_models.ts";
import { memoryStore } from "../../sweep/memory_store.ts";
import { tinySubject } from "../measure/tiny_subject.ts";

const widths = [2, 3, 4, 6];

/** Maps of two kinds in so many layers, which take 8 bits for a scale of each row besides codes. */
function mapsOf(losses: readonly number[][]): MeasuredBits[] {
  return losses.flatMap((own, layer) =>
    (["query", "down"] as const).flatMap((name, order) =>
      widths.map((bits, width) => {
        const values = [64 * 64, 64 * 160][order];
        const byteLength = values * bits / 8 + 64;
        return { name, layer, bits, values, byteLength, divergence: own[order * 4 + width] };
      })
    )
  );
}

/** What each map loses with each of its bits, in one to five layers: any numbers, not falling ones alone. */
const losses = fc.array(
  fc.array(fc.double({ min: 0, max: 1, noNaN: true }), { minLength: 8, maxLength: 8 }),
  { minLength: 1, maxLength: 5 },
);

const withBits = (measured: readonly MeasuredBits[], bits: number) =>
  measured.filter((each) => each.bits === bits);

const total = (maps: readonly MeasuredBits[]) =>
  maps.reduce((sum, { divergence }) => sum + divergence, 0);

Deno.test("allocateBits() keeps within the budget, and loses no more than the same bits everywhere", () => {
  fc.assert(
    fc.property(losses, fc.constantFrom(...widths), (drawn, bits) => {
      const measured = mapsOf(drawn);
      const uniform = withBits(measured, bits);
      const budget = averageBits(uniform);
      const found = allocateBits(measured, "rtn4", "weights", budget);
      const chosen = measured.filter(({ layer, name, bits }) =>
        found.allocation[layer][name] === bits
      );
      assertEquals(chosen.length, 2 * drawn.length);
      assertEquals(found.average, averageBits(chosen));
      assertAlmostEquals(found.divergence, total(chosen), 1e-12);
      assert(found.average <= budget + 1e-9);
      assert(found.divergence <= total(uniform) + 1e-9);
    }),
  );
});

Deno.test("allocateBits() loses no more with a larger budget", () => {
  const budget = fc.double({ min: 2.2, max: 6, noNaN: true });
  fc.assert(
    fc.property(losses, budget, budget, (drawn, one, other) => {
      const measured = mapsOf(drawn);
      const [less, more] = [Math.min(one, other), Math.max(one, other)].map((bits) =>
        allocateBits(measured, "rtn4", "weights", bits)
      );
      assert(more.divergence <= less.divergence + 1e-9);
    }),
  );
});

Deno.test("allocateBits() says what it was given and found", () => {
  const measured = mapsOf([[4, 3, 2, 1, 8, 4, 2, 1], [4, 3, 2, 1, 80, 40, 20, 10]]);
  // 6 bits for the last map leave one more for the other of its kind.
  const found = allocateBits(measured, "rtn4", "weights", 3.9);
  assertEquals(found.budget, 3.9);
  assertEquals(found.allocation, [{ query: 2, down: 3 }, { query: 2, down: 6 }]);
  assertEquals(found.divergence, 4 + 4 + 4 + 10);
});

Deno.test("allocateBits() refuses a budget below the fewest bits or above the most", () => {
  const measured = mapsOf([[4, 3, 2, 1, 8, 4, 2, 1]]);
  for (const budget of [2, 6.2]) {
    assertThrows(
      () => allocateBits(measured, "rtn4", "weights", budget),
      InputError,
      "Cannot allocate bits of weights: the budget of rtn4 must be 2.071..6.071 bits per weight, what its fewest " +
        `and most bits take with their scales, got ${budget}`,
    );
  }
  // Rounded as it is printed, the least is a budget.
  assertEquals(allocateBits(measured, "rtn4", "weights", 2.071).allocation, [{
    query: 2,
    down: 2,
  }]);
});

Deno.test("allocateBits() of activations tells budgets per activation", () => {
  const measured = mapsOf([[4, 3, 2, 1, 8, 4, 2, 1]]);
  assertThrows(
    () => allocateBits(measured, "agileq-8", "activations", 2),
    InputError,
    "Cannot allocate bits of activations: the budget of agileq-8 must be 2.071..6.071 bits per " +
      "activation, what its fewest and most bits take of codes alone, got 2",
  );
});

Deno.test("requireAllocating() names the methods whose linear maps, or sites, have bits of their own", () => {
  requireAllocating("rtn4", methods.rtn4, "weights");
  requireAllocating("agileq-8-activations", methods["agileq-8-activations"], "activations");
  const refused = [
    ["weights", "rtn4, gptq4, ", ["awq4", "fp16", "agileq-8-activations"]],
    ["activations", "smoothquant, crossquant-w8a8, ", ["rtn4", "fp16", "llm-int8"]],
  ] as const;
  for (const [part, able, names] of refused) {
    for (const name of names) {
      const error = assertThrows(() => requireAllocating(name, methods[name], part), InputError);
      const rule = `Cannot allocate bits of ${part}: the method must be one of ${able}`;
      assert(error.message.startsWith(rule), error.message);
      assert(error.message.endsWith(`got "${name}"`), error.message);
    }
  }
});

Deno.test("requireBudget() refuses what no model can have, before anything is measured", () => {
  const agileq = methods["agileq-8"];
  requireBudget("rtn4", methods.rtn4, "weights", 2);
  requireBudget("rtn4", methods.rtn4, "weights", 12);
  requireBudget("agileq-8", agileq, "activations", 8);
  const refused = [
    [
      () => requireBudget("rtn4", methods.rtn4, "weights", 1.9),
      "weights",
      "rtn4 must be at least 2 bits per weight, got 1.9",
    ],
    [
      () => requireBudget("agileq-8", agileq, "activations", 9),
      "activations",
      "agileq-8 must be 3..8 bits per activation, got 9",
    ],
    [
      () => requireBudget("agileq-8", agileq, "activations", 2),
      "activations",
      "agileq-8 must be 3..8 bits per activation, got 2",
    ],
  ] as const;
  for (const [asked, part, rule] of refused) {
    assertThrows(asked, InputError, `Cannot allocate bits of ${part}: the budget of ${rule}`);
  }
});

function options(changes: Partial<SensitivityOptions> = {}): SensitivityOptions {
  const { signal } = new AbortController();
  return { store: memoryStore(), fingerprint: "v1", progress: silent, signal, ...changes };
}

Deno.test("measureSensitivities() measures each map of each layer with all bits, and keeps them cell by cell", () =>
  withModel("llama", async (model) => {
    const subject = tinySubject(model);
    const store = memoryStore();
    const method = { ...methods.rtn4, allocates: { weights: [2, 4], activations: [] } };
    const measure = (changes: Partial<SensitivityOptions> = {}, scoredOn = subject) =>
      measureSensitivities(scoredOn, "rtn4", method, "weights", options({ store, ...changes }));
    const stop = new AbortController();
    let started = 0;
    const progress = {
      ...silent,
      start: () => void (++started === 4 && stop.abort(new Error("stopped"))),
    };
    await assertRejects(() => measure({ progress, signal: stop.signal }), Error, "stopped");
    const kept = store.records.size;
    assert(kept > 0 && kept < 6, `${kept} cells`);
    const measured = await measure();
    assertEquals([measured.length, store.records.size], [3 * 7 * 2, 3 * 2]);
    const whole = await measure({ store: memoryStore() });
    assertEquals(measured, whole);
    for (const bits of [2, 4]) assertEquals(withBits(measured, bits).length, 21);
    // What the model is tested on does not matter; how much it is looked at does.
    const testText = { sha256: "another", startToken: { place: "none" } } as const;
    const other = { ...subject, facts: { ...subject.facts, testText, windows: 1 } };
    assertEquals(await measure({}, other), measured);
    assertEquals(store.records.size, 6);
    await measure({ scored: 2 });
    assertEquals(store.records.size, 12);
  }));

Deno.test("measureSensitivities() measures each site of each layer with all bits", () =>
  withModel("opt-pre", async (model) => {
    const method = { ...methods["agileq-8"], allocates: { weights: [], activations: [4, 8] } };
    const subject = tinySubject(model);
    const measured = await measureSensitivities(
      subject,
      "agileq-8",
      method,
      "activations",
      options(),
    );
    assertEquals(measured.length, 2 * 7 * model.architecture.layers);
    assertEquals([averageBits(withBits(measured, 4)), averageBits(withBits(measured, 8))], [4, 8]);
    assert(total(withBits(measured, 4)) > 10 * total(withBits(measured, 8)));
  }));

Deno.test("measureSensitivities() says once why no cell could be measured", () =>
  withModel("llama", async (model) => {
    const subject = { ...tinySubject(model), calibration: null };
    const error = await assertRejects(
      () => measureSensitivities(subject, "rtn4", methods.rtn4, "weights", options()),
      InputError,
    );
    assertEquals(error.problems.length, 1);
    assert(error.message.startsWith("Cannot calibrate llama: "), error.message);
  }));

Deno.test("measureSensitivities() refuses more windows than activations are calibrated on", () =>
  withModel("llama", async (model) => {
    const subject = tinySubject(model);
    const { weightWindows, activationWindows } = subject.facts;
    for (const [changed, there] of [[{}, activationWindows], [{ weightWindows: 1 }, 1]] as const) {
      const facts = { ...subject.facts, ...changed };
      assert(there <= weightWindows);
      await assertRejects(
        () =>
          measureSensitivities(
            { ...subject, facts },
            "rtn4",
            methods.rtn4,
            "weights",
            options({ scored: there + 1 }),
          ),
        InputError,
        "Cannot allocate bits of weights: what they cost must be measured on at most " +
          `${there} window${there === 1 ? "" : "s"}, as activations are calibrated on, got ${
            there + 1
          }`,
      );
    }
  }));
