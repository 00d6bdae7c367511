import { assertEquals, assertRejects } from "@std/assert";
import type { FigureExperiment, FigureOptions } from "../../experiments/figures/figure.ts";
import type { FigureSubject } from "../../experiments/measure/figure_subject.ts";
import { InputError, refuse } from "../../lib/core/mod.ts";
import type { Figure } from "../../lib/report/mod.ts";
import { drawAll } from "../../tools/draw_all.ts";

const subjects = ["one", "two", "three"].map((title) => ({ title }) as FigureSubject);

/** A figure that is refused for some models, and how it was asked for. */
function experimentRefusing(...titles: string[]) {
  const asked: [models: number, fresh?: boolean][] = [];
  const experiment: FigureExperiment = {
    ...{ name: "figure", title: "Figure", families: ["llama"], measuredBy: [] },
    run(given, options?: FigureOptions) {
      asked.push([given.length, options?.fresh]);
      const strange = given.find(({ title }) => titles.includes(title));
      if (strange) refuse("draw it", "it must have layers", strange.title);
      return Promise.resolve({ title: given.map(({ title }) => title).join() } as Figure);
    },
  };
  return { experiment, asked };
}

Deno.test("drawAll() draws a figure of all models at once", async () => {
  const { experiment, asked } = experimentRefusing();
  const { figure, refusals } = await drawAll(experiment, subjects, { fresh: true });
  assertEquals([figure.title, refusals, asked], ["one,two,three", [], [[3, true]]]);
});

Deno.test("drawAll() leaves out models that are refused, says why, and measures nothing twice", async () => {
  const { experiment, asked } = experimentRefusing("two");
  const drawn = await drawAll(experiment, subjects, { fresh: true });
  assertEquals(drawn.figure.title, "one,three");
  assertEquals(drawn.subjects, [subjects[0], subjects[2]]);
  assertEquals(drawn.refusals, ['Cannot draw it: it must have layers, got "two"']);
  assertEquals(asked.slice(1).every(([, fresh]) => fresh === false), true);
});

Deno.test("drawAll() refuses what is refused for every model", async () => {
  const { experiment } = experimentRefusing("one", "two", "three");
  const error = await assertRejects(() => drawAll(experiment, subjects, {}), InputError);
  const lines = subjects.map(({ title }) => `Cannot draw it: it must have layers, got "${title}"`);
  assertEquals(error.problems, lines);
});

Deno.test("drawAll() stops at a defect", async () => {
  const { experiment } = experimentRefusing();
  const broken = { ...experiment, run: () => Promise.reject(new TypeError("defect")) };
  await assertRejects(() => drawAll(broken, subjects, {}), TypeError, "defect");
});
