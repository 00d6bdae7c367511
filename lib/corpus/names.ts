import type { Choices } from "./choices.ts";

// Syllables are written one after the other and drawn uniformly, so a kind of name has as many
// members as the product of its lists: some 50,000 rivers and 150,000 towns.

const split = (syllables: string): string[] => syllables.split(" ");

const ONSETS = split(
  "B Bl Br C Cl Cr D Dr F Fl Fr G Gl Gr H J K L M N P Pl Pr Qu R S Sc Sh Sk Sl St Str Sw T Th Thr " +
    "Tr V W Wh Y Z Ald Ell Ist Orm Umb Asht Ent",
);
const VOWELS = split("a e i o u ai ea");
const CODAS = split("b ck d g l ld lk lm lt m mb n nd ng nt p r rd rl rn rt s st th");
const LINKS = split("b d dr g l ll m n nd r s st t tt v z");

const TOWN = split(
  "bury ford ham ton wick mouth by dale field gate stead worth ley mere port bridge den well cliff hurst",
);
const RIVER = split("a el en er ow ine or ash on ey");
const REGION = split("land mark ia shire vale moor avia reach wold onia");
const SURNAME = split("son ley ard man well er ing stone by ridge wright sen low more");
const FEMALE = split("a ina elle eth ia ora issa wen");
const MALE = split("an or ric en ard us in olf");
const GENUS = split("ops ella ura aster ornis ina ax aria");
const EPITHET = split("ensis atus ina oides alis icus ula ifer");
const INSTRUMENT = split("horn ina ole phone ette drum harp ello bone");

const compose = (choices: Choices, ...lists: string[][]): string =>
  lists.map((list) => choices.pick(list)).join("");

/** The surname of a person. */
export const inventSurname = (choices: Choices): string =>
  compose(choices, ONSETS, VOWELS, CODAS, SURNAME);

/** The given name of a woman or a man. */
export const inventGivenName = (choices: Choices, female: boolean): string =>
  compose(choices, ONSETS, VOWELS, LINKS, female ? FEMALE : MALE);

/** The Latin name of a genus. */
export const inventGenus = (choices: Choices): string =>
  compose(choices, ONSETS, VOWELS, LINKS, GENUS);

/** The second, lower-case part of the Latin name of a species. */
export const inventEpithet = (choices: Choices): string =>
  compose(choices, ONSETS, VOWELS, LINKS, EPITHET).toLowerCase();

/** The lower-case name of a musical instrument. */
export const inventInstrument = (choices: Choices): string =>
  compose(choices, ONSETS, VOWELS, LINKS, INSTRUMENT).toLowerCase();

/** The kinds of places there are. */
export type Place = "town" | "river" | "region";

const PLACES: Record<Place, string[][]> = {
  town: [ONSETS, VOWELS, CODAS, TOWN],
  river: [ONSETS, VOWELS, LINKS, RIVER],
  region: [ONSETS, VOWELS, CODAS, REGION],
};

/** How many places of one kind stay in living memory, and how often one of them is met again. */
const REMEMBERED = 6;
const RECALL = 0.3;

/**
 * The places of the encyclopedia. Articles share them: a town is sometimes one that a recent
 * article already spoke of, but no article meets the same place in two roles.
 */
export class Gazetteer {
  readonly #choices: Choices;
  readonly #recent: Record<Place, string[]> = { town: [], river: [], region: [] };
  readonly #used = new Set<string>();

  constructor(choices: Choices) {
    this.#choices = choices;
  }

  /** Begins an article: places already known may be met again. */
  startArticle(): void {
    this.#used.clear();
  }

  /** A new place. */
  found(kind: Place): string {
    const place = compose(this.#choices, ...PLACES[kind]);
    const recent = this.#recent[kind];
    recent.push(place);
    if (recent.length > REMEMBERED) recent.shift();
    this.#used.add(place);
    return place;
  }

  /** A place recently spoken of that this article has not used yet, or else a new one. */
  visit(kind: Place): string {
    const known = this.#recent[kind].filter((place) => !this.#used.has(place));
    if (known.length === 0 || !this.#choices.coin(RECALL)) return this.found(kind);
    const place = this.#choices.pick(known);
    this.#used.add(place);
    return place;
  }
}
