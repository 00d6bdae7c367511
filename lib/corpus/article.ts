import { render, type Template } from "./grammar.ts";
import type { Memory } from "./memory.ts";
import type { Subject } from "./subject.ts";

/** The share of articles that open with their table of facts instead of closing with it. */
const TABLE_FIRST = 0.3;

/**
 * Writes one article in the manner of WikiText: `= Title =`, `== Section ==`, blank lines between
 * blocks. What the sections told returns at the end, in two of a table, a chronology and questions
 * with answers, and in a list of names; those repeat only facts that the text has mentioned.
 *
 * @returns The text, without a line end at its end.
 */
export function writeArticle(subject: Subject<Template>, memory: Memory): string {
  const { choices } = memory;
  const write = (template: Template) => render(template, memory);
  const paragraph = (templates: Template[]) => templates.map(write).join(" ");
  const sample = <Item>(items: readonly Item[], low: number, high: number) =>
    choices.subset(items, choices.integer(low, high));
  const recall = <Item>(items: readonly Item[], templates: (item: Item) => Template[]) =>
    items.filter((item) => templates(item).every(({ facts }) => memory.mentions(facts)));

  const table = (rows: typeof subject.table) =>
    sample(rows, 4, 7).map(([label, value]) => `* ${label}: ${write(value)}`).join("\n");

  const chronology = () =>
    recall(subject.events, ([, event]) => [event])
      .filter(([year]) => memory.mentions([year]))
      .map(([year, event]) => ({ year: Number(memory.value(year)), event }))
      .sort((one, other) => one.year - other.year)
      .map(({ year, event }, index) => `${index + 1}. ${year}: ${write(event)}`)
      .join("\n");

  const questions = () =>
    sample(recall(subject.questions, (pair) => [...pair]), 3, 5)
      .map(([question, answer]) => `Q: ${write(question)}\nA: ${write(answer)}`)
      .join("\n");

  const related = () =>
    sample(recall(subject.related, (name) => [name]), 2, 4)
      .map((name) => `* ${write(name)}`).join("\n");

  const blocks: string[] = [];
  const section = (headings: readonly string[], body: string) => {
    if (body) blocks.push(`== ${choices.pick(headings)} ==`, body);
  };

  blocks.push(`= ${write(subject.title)} =`);
  const tableFirst = choices.coin(TABLE_FIRST);
  if (tableFirst) blocks.push(table(subject.table));
  blocks.push(paragraph([choices.pick(subject.openings), ...sample(subject.lead, 2, 4)]));
  for (const { headings, sentences } of sample(subject.sections, 2, 3)) {
    section(headings, paragraph(sample(sentences, 4, 7)));
  }
  const endings = [
    () => section(["Chronology", "Timeline", "Dates"], chronology()),
    () => section(["Questions", "Questions and answers"], questions()),
    () => section(["Summary", "At a glance"], table(recall(subject.table, ([, value]) => [value]))),
  ];
  for (const ending of tableFirst ? endings.slice(0, 2) : choices.subset(endings, 2)) ending();
  section(["See also"], related());
  return blocks.join("\n\n");
}
