import { refuse } from "../core/mod.ts";
import type { Facts } from "./facts.ts";
import { compile, type Template } from "./grammar.ts";

/**
 * All that is known about writing one sort of article, as data. `Text` is the source of a template
 * (see {@linkcode Template}) or, once compiled, the template.
 */
export interface Subject<Text = string> {
  readonly facts: Facts;
  /** Word lists, the most frequent word first: the words of a list follow Zipf's law. */
  readonly words: Readonly<Record<string, readonly string[]>>;
  readonly title: Text;
  /** First sentences. */
  readonly openings: readonly Text[];
  /** Sentences for the first paragraph. */
  readonly lead: readonly Text[];
  readonly sections: readonly Section<Text>[];
  /** Rows of a table of facts: label and value. */
  readonly table: readonly (readonly [label: string, value: Text])[];
  /** Dated events: the fact that holds the year, and what happened. */
  readonly events: readonly (readonly [year: string, event: Text])[];
  readonly questions: readonly (readonly [question: Text, answer: Text])[];
  /** Names under "See also". */
  readonly related: readonly Text[];
}

/** A section, whose sentences appear in this order, though never all of them. */
export interface Section<Text = string> {
  readonly headings: readonly string[];
  readonly sentences: readonly Text[];
}

/** Splits a comma-separated word list. */
export function list(words: string): string[] {
  return words.split(",").map((word) => word.trim());
}

/**
 * Compiles every template of a subject.
 *
 * @throws {InputError} If a template is malformed or names a fact or list the subject lacks.
 */
export function compileSubject(subject: Subject): Subject<Template> {
  const one = (source: string): Template => {
    const template = compile(source);
    const unknown = template.facts.find((fact) => !(fact in subject.facts)) ??
      template.lists.find((list) => !(list in subject.words));
    if (unknown) refuse("compile a template", `${unknown} must be a fact or list`, source);
    return template;
  };
  const all = (sources: readonly string[]) => sources.map(one);
  return {
    ...subject,
    title: one(subject.title),
    openings: all(subject.openings),
    lead: all(subject.lead),
    sections: subject.sections.map(({ headings, sentences }) => ({
      headings,
      sentences: all(sentences),
    })),
    table: subject.table.map(([label, value]) => [label, one(value)]),
    events: subject.events.map(([year, event]) => [year, one(event)]),
    questions: subject.questions.map(([question, answer]) => [one(question), one(answer)]),
    related: all(subject.related),
  };
}
