import { assertEquals, assertRejects } from "@std/assert";
import type { DivergenceRow } from "../../../experiments/draw/divergence_drawing.ts";
import { divergence } from "../../../experiments/figures/divergence.ts";
import { familyTables } from "../../../experiments/tables/family_tables.ts";
import { measureModels } from "../../../experiments/tables/measure_models.ts";
import { InputError } from "../../../lib/core/mod.ts";
import { withModel } from "../../eval/tiny_models.ts";
import { memoryStore } from "../../sweep/memory_store.ts";
import { tinySubject } from "../measure/tiny_subject.ts";

const heldAgainst = "is held against full precision, and not off the scale as agileq-8-eq3";

Deno.test("divergence refuses a table with row fp16 alone, or without divergences", () =>
  withModel("llama", async (model) => {
    const subject = tinySubject(model);
    const options = { store: memoryStore(), fingerprint: "v1", rows: ["fp16", "rtn4"] };
    const [{ cells: { fp16, rtn4 } }] = await measureModels([subject], familyTables, options);
    const { divergence: _, ...survivors } = rtn4.result.survivors;
    const cases = [
      [[fp16], `its table must have a row that ${heldAgainst}`],
      [
        [fp16, { ...rtn4, result: { ...rtn4.result, survivors } }],
        'rows of its table must have a KL divergence, got "table1/llama/rtn4"',
      ],
    ] as const;
    for (const [cells, rule] of cases) {
      const origin = { commit: "0123456789ab", date: "2026-11-30", deno: "2.9.6", machine: "test" };
      const table = { title: "T", columns: [], rows: [] };
      const record = { provenance: origin, table, claims: [], cells: [...cells] };
      const earlier = new Map([["table1", record]]);
      await assertRejects(
        () => divergence.run([subject], { earlier, store: memoryStore(), fingerprint: "v1" }),
        InputError,
        rule,
      );
    }
  }));

Deno.test("divergence measures the rows that are asked for, and refuses those that no table has", () =>
  withModel("llama", async (model) => {
    const draw = (...rows: string[]) => divergence.run([tinySubject(model)], { rows });
    const { data } = await draw("rtn4", "agileq-8-pruned");
    assertEquals((data as { method: string }[]).map(({ method }) => method), ["RTN", "AgileQ-8*"]);
    const message = 'Cannot measure rows: they must be of these tables, got "rtn44"';
    await assertRejects(() => draw("fp16", "rtn44"), InputError, message);
  }));

Deno.test("divergence refuses rows that it does not draw before it measures any", () =>
  withModel("llama", async (model) => {
    const measure = () => Promise.reject(new Error("measured"));
    for (
      const [rows, rule] of [
        [[], `rows must have one that ${heldAgainst}, got []`],
        [["fp16", "agileq-8-eq3"], `rows must have one that ${heldAgainst}, got ["fp16",`],
        ["rtn4" as unknown as string[], 'rows must be a list, got "rtn4"'],
      ] as const
    ) {
      await assertRejects(
        () => divergence.run([tinySubject(model)], { rows, executor: { measure } }),
        InputError,
        `Cannot draw divergence: ${rule}`,
      );
    }
  }));

Deno.test("divergence holds a pruned row against full precision on the tokens that survive", () =>
  withModel("llama", async (model) => {
    const subject = tinySubject(model);
    const options = { store: memoryStore(), fingerprint: "v1", rows: ["agileq-8-pruned"] };
    const [{ cells }] = await measureModels([subject], familyTables, options);
    const { survivors } = cells["agileq-8-pruned"].result;
    const { data } = await divergence.run([subject], options);
    const [{ relative, divergence: drawn }] = data as DivergenceRow[];
    assertEquals([relative, drawn], [survivors.ratio, survivors.divergence!.value]);
  }));
