import { assertEquals } from "@std/assert";
import {
  kindOfPickled,
  PickledCall,
  PickledGlobal,
  PickledList,
  PickledReference,
} from "../../lib/io/pickled_value.ts";

Deno.test("kindOfPickled() says what a value is without looking into it", () => {
  const itself = new PickledList();
  itself.items.push(itself);
  const kinds = [
    itself,
    [itself],
    new Map([["a", itself]]),
    new Set<string>(),
    new PickledGlobal("torch.HalfStorage"),
    new PickledCall("torch.Size", [itself]),
    new PickledReference(itself),
    null,
    true,
    2n ** 70n,
    "x".repeat(500),
  ].map(kindOfPickled);
  assertEquals(kinds, [
    "a list",
    "a tuple",
    "a dictionary",
    "a set",
    "torch.HalfStorage",
    "a call of torch.Size",
    "a persistent id",
    "None",
    "true",
    "1180591620717411303424",
    "x".repeat(117) + "...",
  ]);
});

Deno.test("PickledGlobal, PickledCall and PickledReference hold what they are given", () => {
  assertEquals(new PickledGlobal("a.b").name, "a.b");
  assertEquals(new PickledCall("a.b", [1]).args, [1]);
  assertEquals(new PickledReference("id").id, "id");
});
