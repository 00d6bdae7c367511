import { assertEquals, assertRejects, assertThrows } from "@std/assert";
import { figureOf, measureSubjects, requireWindow } from "../../../experiments/figures/figure.ts";
import { figure1 } from "../../../experiments/figures/figure1.ts";
import { figure6 } from "../../../experiments/figures/figure6.ts";
import { figure8 } from "../../../experiments/figures/figure8.ts";
import { figures } from "../../../experiments/figures/figures.ts";
import type { CellKind } from "../../../experiments/measure/cell_kind.ts";
import type { FigureSubject } from "../../../experiments/measure/figure_subject.ts";
import type { SubjectFacts } from "../../../experiments/measure/subject.ts";
import { InputError, refuse } from "../../../lib/core/mod.ts";
import { storageOf } from "../../../lib/format/mod.ts";
import { memoryStore } from "../../sweep/memory_store.ts";
import { withFigureSubject } from "../measure/tiny_figure_subject.ts";
import { facts } from "../measure/tiny_subject.ts";

const emptySpec = { data: [], layout: { width: 1, height: 1 } };

/** A subject whose weights nobody looks at. */
const subjectOf = (name: string) =>
  ({ ref: { folder: name }, model: { name }, facts, versions: {} }) as unknown as FigureSubject;

Deno.test("measureSubjects() measures every cell of every subject once, and keeps it where asked", async () => {
  const subjects = ["a", "b"].map(subjectOf);
  const store = memoryStore();
  let runs = 0;
  const kind: CellKind<SubjectFacts & { cell: number }, { name: string; cell: number }> = {
    experiment: "test",
    measure({ model: { name } }, { cell }) {
      runs++;
      return Promise.resolve({ name, cell });
    },
  };
  const measure = () =>
    measureSubjects(
      subjects,
      kind,
      ({ model: { name } }) =>
        [1, 2].map((cell) => ({ id: `${name}/${cell}`, config: { ...facts, cell } })),
      { store },
    );
  const first = await measure();
  assertEquals(first.map(({ results }) => results.map(({ name, cell }) => [name, cell])), [
    [["a", 1], ["a", 2]],
    [["b", 1], ["b", 2]],
  ]);
  assertEquals(await measure(), first);
  assertEquals(runs, 4);
});

Deno.test("measureSubjects() names every cell that is refused as a problem of its own", async () => {
  const ids = Array.from({ length: 100 }, (_, cell) => `a/${cell}`);
  const kind: CellKind<SubjectFacts> = {
    experiment: "test",
    measure: () => refuse("measure a cell", "it must be of use"),
  };
  const cells = ids.map((id) => ({ id, config: facts }));
  const error = await assertRejects(
    () => measureSubjects([subjectOf("a")], kind, () => cells),
    InputError,
  );
  const problems = ids.map((id) => `${id}: Cannot measure a cell: it must be of use`);
  assertEquals(error.problems, problems);
});

Deno.test("figures have names of their own, as the files that they are written to", () => {
  const names = figures.map(({ name }) => name);
  assertEquals(new Set(names).size, names.length);
  names.forEach((name) => assertEquals(name, name.replaceAll(/[^a-z0-9]/g, "")));
});

Deno.test("figure6 needs no store, and can be drawn of any model", () =>
  withFigureSubject("opt-pre", async (subject) => {
    const { name, data, configuration } = await figure6.run([subject]);
    assertEquals(name, "figure6");
    const [{ model, fold }] = data as { model: string; fold: { outputs: number; equal: number } }[];
    assertEquals([model, fold.equal], [subject.model.name, fold.outputs]);
    assertEquals((configuration as { models: unknown[] }).models, [subject.facts]);
  }));

Deno.test("figureOf() says below a figure what full precision is of dequantized weights", () => {
  const drawing = { shows: "a line", agreement: "none", details: ["one"], spec: emptySpec };
  const stored = (name: string, form: string) => (
    { ...subjectOf(name), storage: { ...storageOf([]), forms: [form] } }
  );
  const subjects = [stored("a", "F16"), stored("b", "Q4_1")];
  const of = { name: "figure0", title: "A figure" };
  const { details, ...figure } = figureOf(of, subjects, { windows: 3 }, [7], drawing);
  assertEquals(details.map((line) => line.split(";")[0]), [
    "one",
    "b: weights are stored as Q4_1",
  ]);
  assertEquals(figure, {
    ...of,
    configuration: { models: [facts, facts], windows: 3 },
    data: [7],
    ...{ shows: "a line", agreement: "none", spec: emptySpec },
  });
});

Deno.test("requireWindow() names the flag, the rule and what it is for", () => {
  const subject = { ...subjectOf("a"), title: "a on a text" }; // windows of 24 tokens
  requireWindow(subject, 24, "to see them");
  assertThrows(
    () => requireWindow(subject, 25, "to see them"),
    InputError,
    "Cannot draw a on a text: --window must be at least 25 tokens, to see them, got 24",
  );
});

for (
  const [experiment, least, why] of [
    [figure1, 17, "to tell the nearest 16 tokens from others"],
    [figure8, 128, "the shortest that is compared"],
  ] as const
) {
  Deno.test(`${experiment.name} refuses windows that are too short for it before it measures`, async () => {
    const subject = { ...subjectOf("a"), title: "a", facts: { ...facts, window: least - 1 } };
    await assertRejects(
      () => experiment.run([subject]),
      InputError,
      `Cannot draw a: --window must be at least ${least} tokens, ${why}, got ${least - 1}`,
    );
  });
}
