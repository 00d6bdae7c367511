import { assertEquals, assertRejects } from "@std/assert";
import { InputError } from "../../lib/core/mod.ts";
import { openUnfinished } from "../../lib/io/mod.ts";
import { temporaryPath } from "../../lib/io/write.ts";
import { withFolder } from "./temporary_folder.ts";

const work = { method: "gptq4", settings: { bits: 4 }, seed: 0 };
const state = "unfinished.json";

const filesOf = async (folder: string) =>
  (await Array.fromAsync(Deno.readDir(folder))).map(({ name }) => name).sort();

/** Asserts that a folder is refused with this message. */
async function assertRefused(folder: string, changes: Record<string, unknown>, rule: string) {
  const before = await filesOf(folder);
  const error = await assertRejects(
    () => openUnfinished(folder, { ...work, ...changes }),
    InputError,
  );
  assertEquals(error.message.replaceAll(folder, "FOLDER"), rule);
  assertEquals(await filesOf(folder), before);
}

Deno.test("openUnfinished() makes a folder, and finds it again until it is finished", () =>
  withFolder(async (parent) => {
    const folder = `${parent}/new`;
    {
      using _ = await openUnfinished(folder, work);
      await Deno.writeTextFile(`${folder}/block`, "1");
    }
    using again = await openUnfinished(folder, { ...work });
    assertEquals(await filesOf(folder), ["block", state]);
    await again.finish();
    assertEquals(await filesOf(folder), ["block"]);
    await assertRefused(
      folder,
      {},
      "Cannot write to FOLDER: the folder must be new, empty, or what an interrupted run left, " +
        'got "block"',
    );
  }));

Deno.test("openUnfinished() refuses other work and says what is different; fresh starts over", () =>
  withFolder(async (folder) => {
    (await openUnfinished(folder, work))[Symbol.dispose]();
    await Deno.writeTextFile(`${folder}/block`, "1");
    const fresh = "with which it was begun (--fresh starts over)";
    await assertRefused(
      folder,
      { seed: 1 },
      `Cannot continue FOLDER: seed must be 0, ${fresh}, got 1`,
    );
    await assertRefused(
      folder,
      { settings: { bits: 3 } },
      `Cannot continue FOLDER: settings must be {"bits":4}, ${fresh}, got {"bits":3}`,
    );
    await Deno.writeTextFile(`${folder}/${state}`, JSON.stringify({ ...work, constructor: 1 }));
    await assertRefused(
      folder,
      {},
      `Cannot continue FOLDER: constructor must be 1, ${fresh}, got null`,
    );
    await Deno.writeTextFile(`${folder}/${state}`, JSON.stringify(work));
    await assertRefused(
      folder,
      { window: 8 },
      `Cannot continue FOLDER: window must be null, ${fresh}, got 8`,
    );
    (await openUnfinished(folder, { seed: 1 }, { fresh: true }))[Symbol.dispose]();
    assertEquals(await filesOf(folder), [state]);
    assertEquals(JSON.parse(await Deno.readTextFile(`${folder}/${state}`)), { seed: 1 });
  }));

Deno.test("openUnfinished() lets nobody else in, whether it goes on or starts over", () =>
  withFolder(async (folder) => {
    for (const fresh of [false, true]) {
      using _ = await openUnfinished(folder, work, { fresh });
      assertEquals(await filesOf(folder), [state]);
      const rule = "Cannot write to FOLDER: no other process may be writing to it";
      await assertRefused(folder, {}, rule);
    }
  }));

Deno.test("openUnfinished() leaves what another machine may be writing, until all is there", () =>
  withFolder(async (folder) => {
    const left = temporaryPath("model.safetensors");
    await Deno.writeTextFile(`${folder}/${left}`, "half");
    using target = await openUnfinished(folder, work);
    assertEquals(await filesOf(folder), [left, state]);
    await Deno.writeTextFile(`${folder}/model.safetensors`, "whole");
    await target.finish();
    assertEquals(await filesOf(folder), ["model.safetensors"]);
    await target.finish(); // as where another machine has
  }));

Deno.test("openUnfinished() refuses a state that is none", () =>
  withFolder(async (folder) => {
    await Deno.writeTextFile(`${folder}/${state}`, "[]");
    await assertRefused(
      folder,
      {},
      `Cannot continue FOLDER: FOLDER/${state} must be a JSON object (--fresh starts over)`,
    );
  }));
