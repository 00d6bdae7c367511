import type { Fact, Facts, Sources } from "./facts.ts";
import { inventGivenName, inventSurname } from "./names.ts";

/**
 * The facts that speak of one person:
 *
 * | fact          | reads                                                                     |
 * | ------------- | ------------------------------------------------------------------------- |
 * | `KEY`         | the full name                                                             |
 * | `KEY.last`    | the full name at the first mention, the surname from then on              |
 * | `KEY.he`      | `he` or `she` if the person was the last one named, else as `KEY.last`    |
 * | `KEY.him`     | `him` or `her`, likewise                                                  |
 * | `KEY.his`     | `his` or `her`, else `KEY.last` with `'s`                                 |
 * | `KEY.surname` | the bare surname, for things named after the person                       |
 */
export function person(key: string): Facts {
  const surname = (sources: Sources) => String(sources.value(`${key}.surname`));
  const isFemale = (sources: Sources) => sources.value(`${key}.female`) === 1;

  const name = (sources: Sources): string => {
    const known = sources.mentions([key]);
    sources.focus = key;
    return known ? surname(sources) : sources.fact(key);
  };
  const pronoun = (female: string, male: string, otherwise = name): Fact => ({
    draw: (sources) => isFemale(sources) ? female : male,
    tell: (value, sources) => sources.focus === key ? String(value) : otherwise(sources),
  });

  return {
    [key]: {
      draw: (sources) =>
        `${inventGivenName(sources.choices, isFemale(sources))} ${surname(sources)}`,
      tell: (value, sources) => {
        sources.focus = key;
        return String(value);
      },
    },
    [`${key}.female`]: { draw: ({ choices }) => choices.integer(0, 1), tell: String },
    [`${key}.surname`]: { draw: ({ choices }) => inventSurname(choices), tell: String },
    [`${key}.last`]: { draw: surname, tell: (_, sources) => name(sources) },
    [`${key}.he`]: pronoun("she", "he"),
    [`${key}.him`]: pronoun("her", "him"),
    [`${key}.his`]: pronoun("her", "his", (sources) => `${name(sources)}'s`),
  };
}
