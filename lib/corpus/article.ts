import type { Template } from "./grammar.ts";
import type { Memory } from "./memory.ts";
import type { CompiledSubject } from "./subject.ts";

/** The share of articles that open with their table of facts instead of closing with it. */
const TABLE_FIRST = 0.3;
/** The share of sections with a second paragraph, of remarks. */
const REMARKED = 0.8;

/**
 * Writes one article in the manner of WikiText: `= Title =`, `== Section ==`, blank lines between
 * blocks. What the sections told returns at the end, in two of a table, a chronology and questions
 * with answers, and in a list of names; those repeat only facts that the text has mentioned.
 *
 * @returns The text, without a line end at its end.
 */
export function writeArticle(subject: CompiledSubject, memory: Memory): string {
  const { choices } = memory;
  const remarks = [...subject.remarks];
  const blocks: string[] = [];

  const write = (template: Template) => memory.write(template);
  const sample = <Item>(items: readonly Item[], low: number, high: number) =>
    choices.subset(items, choices.integer(low, high));
  const isKnown = (...templates: Template[]) =>
    templates.every(({ facts }) => memory.mentions(facts));

  const section = (headings: readonly string[], lines: string[]) => {
    if (lines.length > 0) blocks.push(`== ${choices.pick(headings)} ==`, lines.join("\n"));
  };
  const paragraph = (templates: Template[]) => {
    memory.focus = undefined; // a paragraph names a person before it uses a pronoun
    return templates.map(write).join(" ");
  };
  const takeRemark = () => remarks.splice(choices.integer(0, remarks.length - 1), 1)[0];

  const tableOf = (rows: CompiledSubject["table"]) =>
    sample(rows, 4, 7).map(([label, value]) => `* ${label}: ${write(value)}`);
  const chronology = () =>
    section(
      ["Chronology", "Timeline", "Dates"],
      subject.events
        .filter(([year, event]) => memory.mentions([year]) && isKnown(event))
        .map(([year, event]) => ({ year: Number(memory.value(year)), event }))
        .sort((one, other) => one.year - other.year)
        .map(({ year, event }, index) => `${index + 1}. ${year}: ${write(event)}`),
    );
  const questions = () =>
    section(
      ["Questions", "Questions and answers"],
      sample(subject.questions.filter((pair) => isKnown(...pair)), 3, 6)
        .map(([question, answer]) => `Q: ${write(question)}\nA: ${write(answer)}`),
    );
  const summary = () =>
    section(
      ["Summary", "At a glance"],
      tableOf(subject.table.filter(([, value]) => isKnown(value))),
    );

  blocks.push(`= ${write(subject.title)} =`);
  const tableFirst = choices.coin(TABLE_FIRST);
  if (tableFirst) blocks.push(tableOf(subject.table).join("\n"));
  blocks.push(paragraph([choices.pick(subject.openings), ...sample(subject.lead, 2, 4)]));
  for (const { headings, sentences } of sample(subject.sections, 2, 3)) {
    section(headings, [paragraph(sample(sentences, 3, 6))]);
    if (choices.coin(REMARKED)) {
      const count = choices.integer(2, 5);
      blocks.push(paragraph(Array.from({ length: count }, takeRemark)));
    }
  }
  const endings = [chronology, questions, summary];
  for (const end of tableFirst ? endings.slice(0, 2) : choices.subset(endings, 2)) end();
  section(
    ["See also"],
    sample(subject.related.filter((name) => isKnown(name)), 2, 4).map((name) => `* ${write(name)}`),
  );
  return blocks.join("\n\n");
}
