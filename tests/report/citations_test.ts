import { assertEquals, assertRejects, assertThrows } from "@std/assert";
import { InputError } from "../../lib/core/mod.ts";
import { asRecorded, citationsOf, cite, valueAt } from "../../lib/report/mod.ts";

const record = {
  cells: [
    { row: "fp16", model: "a b", perplexity: { value: 21.62961, low: 20.587, high: 22.691 } },
    { row: "rtn4", model: "a b", perplexity: { value: 30.5 } },
  ],
  claims: [{ verdict: "undecided", evidence: "AgileQ-8 / FP16 = 1.0214 [1.0196, 1.0234]" }],
  agreement: 0.8991,
};

const read = () => Promise.resolve(record);

Deno.test("cite() replaces numbers by those of the record, in the digits of the page", async () => {
  const page = `It has [21.6 [20.6,
22.7]](r.json#cells/row=fp16&model=a%20b/perplexity), not [0.00](r.json#cells/row=rtn4/perplexity/value),
and [12 %](../r.json#agreement): [reproduced](r.json#claims/0/verdict). See [a page](b.md#c) and \`[1]\`.`;
  assertEquals(
    await cite(page, read),
    page.replace("0.00", "30.50").replace("12 %", "90 %").replace("reproduced", "undecided"),
  );
  assertEquals(citationsOf(page).map(({ text, file, path }) => [text, file, path.at(-1)]), [
    ["21.6 [20.6,\n22.7]", "r.json", "perplexity"],
    ["0.00", "r.json", "value"],
    ["12 %", "../r.json", "agreement"],
    ["reproduced", "r.json", "verdict"],
  ]);
  assertEquals(await cite(await cite(page, read), read), await cite(page, read));
});

Deno.test("asRecorded() takes words that the record has, and no others", () => {
  const [{ evidence }] = record.claims;
  assertEquals(asRecorded("1.0214", evidence), "1.0214");
  assertThrows(
    () => asRecorded("1.0215", evidence),
    InputError,
    'Cannot cite: the record must say "1.0215", got "AgileQ-8 / FP16 = 1.0214',
  );
});

Deno.test("asRecorded() refuses what has no number, or fewer than the text", () => {
  assertThrows(() => asRecorded("1", record.claims), InputError, "a record must have a number");
  assertThrows(() => asRecorded("1", null), InputError, "a record must have a number");
  assertThrows(
    () => asRecorded("1 [2, 3]", { value: 1 }),
    InputError,
    'Cannot cite: "1 [2, 3]" must have as many numbers as the record, got 1',
  );
});

Deno.test("valueAt() names the first step that leads nowhere, or to several", () => {
  for (
    const [path, step] of [
      [["cells", "row=gptq4", "perplexity"], "must have cells/row=gptq4"],
      [["cells", "model=a b"], "must have one cells/model=a b, got 2"],
      [["cells", "row=fp16", "kl", "value"], "must have cells/row=fp16/kl"],
      [["claims", "7", "verdict"], "must have claims/7"],
      [["agreement", "value"], "must have agreement/value"],
    ] as const
  ) {
    const { message } = assertThrows(() => valueAt(record, path), InputError);
    assertEquals(message, `Cannot cite: the record ${step}`);
  }
});

Deno.test("cite() names the link whose record lacks what it cites", async () => {
  await assertRejects(
    () => cite("[1](r.json#agreement) [2](../s.json#claims/7)", read),
    InputError,
    "../s.json#claims/7: Cannot cite: the record must have claims/7",
  );
});

Deno.test("cite() passes on why a record cannot be read", async () => {
  const missing = () => Promise.reject(new InputError("Cannot read r.json"));
  await assertRejects(() => cite("[1](r.json#a)", missing), InputError, "Cannot read r.json");
  assertEquals(await cite("[1](r.md#a)", missing), "[1](r.md#a)");
});

Deno.test("cite() refuses a path with an escape that is none as any other that the record lacks", async () => {
  await assertRejects(
    () => cite("[1](r.json#cells/100%)", read),
    InputError,
    "r.json#cells/100%: Cannot cite: the record must have cells/100%",
  );
});

Deno.test("valueAt() passes over items whose property is no text or number", () => {
  const record = [{ row: { toString: null } }, { row: "a", value: 2 }];
  assertEquals(valueAt(record, ["row=a", "value"]), 2);
});
