import { assertEquals } from "@std/assert";
import { byteLevelDefinition, cuttings, surroundings } from "../../lib/io/byte_level.ts";

Deno.test("byteLevelDefinition() puts a space before the text for GPT-2's words alone", () => {
  const definition = (cutting: string) =>
    byteLevelDefinition({
      cutting: cuttings[cutting],
      vocab: { a: 0 },
      merges: [],
      added: [],
      addPrefixSpace: true,
    });
  assertEquals(
    (definition("gpt-2").pre_tokenizer as { add_prefix_space: boolean }).add_prefix_space,
    true,
  );
  assertEquals(cuttings["gpt-2"].pretokenizers[0].add_prefix_space, false);
});

Deno.test("surroundings() is a template of the tokens that are given", () => {
  const token = (id: number) => ({ id, content: `<${id}>` });
  const single = (...tokens: Parameters<typeof surroundings>) =>
    (surroundings(...tokens)?.single as Record<string, { id: string }>[] | undefined)
      ?.map((item) => Object.values(item)[0].id);
  assertEquals(surroundings(), null);
  assertEquals(single(token(1)), ["<1>", "A"]);
  assertEquals(single(undefined, token(2)), ["A", "<2>"]);
  assertEquals(single(token(1), token(2)), ["<1>", "A", "<2>"]);
});
