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

/** What articles on every subject may say. */
export interface Common<Text = string> {
  readonly facts: Facts;
  readonly words: Subject["words"];
  /** Sentences that may stand anywhere after the first. */
  readonly remarks: readonly Text[];
  readonly questions: Subject<Text>["questions"];
}

/** A subject together with what is common to all, ready for writing. */
export type CompiledSubject = Subject<Template> & Common<Template>;

/** Splits a comma-separated word list. */
export function list(words: string): string[] {
  return words.split(",").map((word) => word.trim());
}

/**
 * Compiles every template of a subject and adds what is common to all subjects.
 *
 * @throws {InputError} If a template is malformed or names a fact or list the subject lacks.
 */
export function compileSubject(subject: Subject, common: Common): CompiledSubject {
  const facts = { ...common.facts, ...subject.facts };
  const words = { ...common.words, ...subject.words };
  const one = (source: string): Template => {
    const template = compile(source);
    const unknown = template.facts.find((fact) => !(fact in facts)) ??
      template.lists.find((list) => !(list in words));
    if (unknown) refuse("compile a template", `${unknown} must be a fact or list`, source);
    return template;
  };
  const all = (sources: readonly string[]) => sources.map(one);
  return {
    facts,
    words,
    title: one(subject.title),
    openings: all(subject.openings),
    lead: all(subject.lead),
    sections: subject.sections.map(({ headings, sentences }) => ({
      headings,
      sentences: all(sentences),
    })),
    remarks: all(common.remarks),
    table: subject.table.map(([label, value]) => [label, one(value)]),
    events: subject.events.map(([year, event]) => [year, one(event)]),
    questions: [...subject.questions, ...common.questions]
      .map(([question, answer]) => [one(question), one(answer)]),
    related: all(subject.related),
  };
}
