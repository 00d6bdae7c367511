import { assertEquals, assertMatch } from "@std/assert";
import { person } from "../../lib/corpus/person.ts";
import { remember } from "./remember.ts";

Deno.test("person() gives the full name first, then the surname or a pronoun of one gender", () => {
  for (let seed = 0; seed < 10; seed++) {
    const { write, memory } = remember({ ...person("king"), ...person("poet") }, {}, seed);
    const full = write("{king.last}");
    const surname = full.split(" ")[1];
    const female = memory.value("king.female") === 1;
    assertMatch(full, /^[A-Z][a-z]+ [A-Z][a-z]+$/);
    assertEquals(
      write("so {king.he} saw {king.him} and {king.his} hat"),
      female ? "So she saw her and her hat" : "So he saw him and his hat",
    );
    assertEquals(write("{king.last}, {king.surname}"), `${surname}, ${surname}`);
    assertEquals(write("{king}"), full);
    const poet = write("{poet}");
    assertEquals(write("{king.his} hat"), `${surname}'s hat`);
    assertEquals(write("{poet.he}"), poet.split(" ")[1]);
  }
});
