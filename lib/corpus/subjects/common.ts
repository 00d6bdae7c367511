import { amount, beyond, integer, phrase, word } from "../facts.ts";
import { person } from "../person.ts";
import { type Common, list } from "../subject.ts";

/** What every article may say beside its own subject: small observations of an open vocabulary. */
export const common: Common = {
  facts: {
    ...person("witness"),
    ...person("owner"),
    relic: phrase("<adjective> <object> of <substance>"),
    twin: phrase("<adjective> <object> and <adjective> <object>"),
    motto: phrase("<idea> [before|without|and|against|after] <idea>"),
    occupation: word("role"),
    shelf: amount(110, 9900),
    restoredYear: integer(1905, 1960),
    soldYear: beyond("restoredYear", 3, 30),
  },
  words: {
    adjective: list(
      "small, wooden, broken, heavy, painted, old, empty, round, rusty, dented, narrow, folded, wet, black, polished, forgotten, yellow, torn, cold, crooked, worthless, hollow, spotted, precious, carved, faded, borrowed, square, shining, cracked, striped, stolen, foreign, dusty, sealed, blunt, silent, huge, fragrant, greasy, warm, delicate, swollen, pale, tangled, sharp, muddy, gilded, unknown, lonely, famous, leaning, frozen, charred, patched, curved, sticky, sacred",
    ),
    object: list(
      "box, lamp, letter, chair, key, table, coat, knife, bottle, ladder, mirror, basket, wheel, door, boot, cup, rope, picture, candle, clock, map, barrel, book, spoon, cart, hat, ring, blanket, drum, stone, wig, saddle, plate, needle, anchor, window, bell, pipe, sack, hammer, kettle, shovel, glove, coin, bed, cage, whip, comb, jug, bench, flag, lantern, pillow, shirt, trunk, umbrella, bucket, brush, carpet, globe",
    ),
    objects: list(
      "letters, horses, barrels, chairs, candles, coins, stones, geese, boats, lamps, apples, ladders, books, sheep, hats, bottles, ropes, keys, wagons, dogs, pictures, eggs, boots, windows, nails, sacks, birds, goats, knives, loaves, pots, songs, doors, plates, mules, bells, feathers, blankets, trees, cats, tables, buckets, shirts, onions, beds, pears, mice, wheels, spoons, drums",
    ),
    substance: list(
      "oak, brass, glass, iron, wax, paper, silver, clay, bone, leather, tin, straw, copper, horn, lead, wool, silk, amber, pewter, cork, coral, velvet, gold, linen, ivory",
    ),
    role: list(
      "farmer, priest, widow, soldier, clerk, servant, sailor, teacher, nurse, merchant, boy, lawyer, cook, girl, stranger, doctor, beggar, shepherd, gardener, nun, smith, judge, painter, porter, barber, pilot, student, miner, tailor, thief, notary, monk, dancer, postman, fiddler, weaver, hunter, grocer, prisoner, drummer",
    ),
    deed: list(
      "found, carried, sold, lost, saw, painted, broke, bought, hid, described, stole, repaired, burned, kept, counted, dropped, buried, drew, admired, borrowed, washed, opened, measured, forgot, refused, copied, returned, praised, weighed, built, missed, inherited",
    ),
    idea: list(
      "patience, gold, work, honour, rain, bread, silence, love, reason, haste, fear, hope, memory, order, sleep, wine, justice, luck, doubt, hunger, courage, peace, music, pride, mercy, time, envy, duty, laughter, truth",
    ),
    moment: list(
      "in spring, at night, one morning, that winter, on a Sunday, before sunrise, after the harvest, in a storm, some years later, on the same day, during the feast, late in autumn, by candlelight, long ago, in the great frost, shortly before noon, at high water, between two meals, in a dry summer, after midnight, on the first of May, without warning, every other year, in a time of plague, on market day",
    ),
    spot: list(
      "under the floor, behind the church, in the garden, near the well, on the roof, in a cellar, beside the road, under a hedge, at the inn, in the stable, by the pond, in the attic, on the stairs, below the window, at the gate, in a hollow tree, between two walls, across the yard, in the kitchen, under the bridge, at the crossroads, in the tower, near the lime kiln, on the quay, behind a curtain",
    ),
    mood: list(
      "quietly, with pride, in tears, for a bet, with both hands, out of habit, by mistake, with great care, without a word, for nothing, in anger, for the third time, half asleep, with a smile, against all advice, as a joke, under protest, at great cost, in secret, with the left hand",
    ),
    number: list(
      "two, three, four, six, five, twelve, ten, seven, eight, twenty, nine, thirty, eleven, forty, fifteen, sixty, a hundred, fourteen, sixteen, fifty",
    ),
    paper: list(
      "diary, letter, list, report, ledger, poem, will, drawing, receipt, almanac, pamphlet, note, sermon, inventory, petition",
    ),
    trait: list(
      "tame, lame, old, hungry, blind, fat, white, black, one-eyed, thirsty, sleepy, stubborn, young, noisy, brown, clever, thin, spotted, lazy, savage",
    ),
    creature: list(
      "cat, dog, goat, crow, mule, goose, pig, horse, rat, bear, fox, parrot, hen, cow, donkey, toad, sheep, monkey, owl, swan",
    ),
  },
  remarks: [
    "A <paper> of the time mentions a <adjective> <object> and <number> <adjective> <objects>.",
    "<moment> a <role> <deed> a <adjective> <object> <spot>.",
    "There is a story of a <role> who <deed> <number> <objects> <moment>.",
    "The <role> and the <role> [quarrelled|agreed] about a <object> of <substance>.",
    "[One|Another] <paper> counts <number> <objects>, <number> <objects> and a <adjective> <object>.",
    "A <adjective> <object> and <number> <objects> were [found|seen|left] <spot>.",
    "The <role> <deed> the <objects> <mood>; the <role> <deed> the rest <moment>.",
    "<moment> the <creature> of a <role> [ate|knocked over|guarded] the <adjective> <object>.",
    "[A|One] <role> kept <number> <objects> and a <creature> <spot>.",
    "Nobody <deed> the <object> of <substance> that a <role> had left <spot>.",
    "A <role> and a <trait> <creature> [slept|waited|sang] <spot> <moment>.",
    "The price was <number> <objects> or a <adjective> <object> of <substance>.",
    "Among the gifts were <number> <adjective> <objects>, a <object> and a <trait> <creature>.",
    "The <adjective> <object> <spot> is [said|thought] to bring <idea> or <idea>.",
    "The <role> wrote <mood> that <idea> was [worth more|no better] than <idea>.",
    "<moment> one could [see|hear|buy] <number> <objects> <spot>.",
    "What the <role> <deed> <moment>, the <role> <deed> <mood>.",
    "A <paper> by a <role> praises <idea>, <idea> and the <adjective> <objects>.",
    "[It is said|Legend has it] that a <role> <deed> the <object> <spot> for <number> <objects>.",
    "The <role> <deed> a <adjective> <object> of <substance> which a <role> had left <spot>.",
    "An account by {witness}, a {occupation}, [speaks of|describes] a {relic}.",
    "The {relic} that {witness.last} [saw|mentions] is kept under number {shelf}.",
    "{witness.last} <deed> the {relic} <moment> and <deed> <number> <objects> <spot>.",
    'The motto of {witness.last} was "{motto}".',
    '{witness.last}, a {occupation}, wrote over the door: "{motto}".',
    "Number {shelf} of the archive is the <adjective> <paper> of {witness.last}.",
    "The {relic} was [cleaned|repaired] in {restoredYear} by {owner}.",
    "{owner.last} sold the {relic} in {soldYear} for <number> <objects> and a <object>.",
    "In {restoredYear} {owner.last} <deed> a {twin} <spot>.",
    "The {twin} of {owner.last} stood <spot> until {soldYear}.",
    'With the {relic} {owner.last} inherited a {twin} and the motto "{motto}".',
    '{owner.last} had {owner.his} <object> painted <mood> with the words "{motto}".',
    'The {occupation} {witness} believed in "{motto}" and owned a {twin}.',
  ],
  questions: [
    ["What did {witness.last} describe?", "A {relic}."],
    ["Who was {witness}?", "A {occupation}."],
    ["What was the motto of {witness.last}?", "{motto}."],
    ["Under which number is it kept?", "Under number {shelf}."],
    ["Who sold the {relic}?", "{owner}, in {soldYear}."],
    ["What was done in {restoredYear}?", "The {relic} was repaired."],
    ["What else did {owner.last} own?", "A {twin}."],
  ],
};
