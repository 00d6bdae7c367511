import { assertEquals, assertNotEquals, assertRejects } from "@std/assert";
import { InputError } from "../../lib/core/mod.ts";
import { cellKey, recordOf, storedRecord } from "../../lib/sweep/mod.ts";
import { memoryStore } from "./memory_store.ts";

const keyOf = (config: unknown, id = "a", fingerprint = "v1") =>
  cellKey({ id, config }, fingerprint);

Deno.test("cellKey() does not depend on the order of properties", async () => {
  assertEquals(await keyOf({ bits: 4, group: 128 }), await keyOf({ group: 128, bits: 4 }));
  assertEquals(await keyOf({ bits: 4, group: undefined }), await keyOf({ bits: 4 }));
});

Deno.test("cellKey() changes with the id, the config and the fingerprint", async () => {
  const key = await keyOf({ bits: 4 });
  assertNotEquals(await keyOf({ bits: 3 }), key);
  assertNotEquals(await keyOf({ bits: 4 }, "b"), key);
  assertNotEquals(await keyOf({ bits: 4 }, "a", "v2"), key);
});

Deno.test("storedRecord() finds what was stored of this very cell and was not edited", async () => {
  const store = memoryStore();
  const cell = { id: "a", config: { bits: 4 } };
  assertEquals(await storedRecord(cell, store, "v1"), null);
  const record = await recordOf(cell, "v1", 7, 2);
  const key = await cellKey(cell, "v1");
  await store.set(key, record);
  assertEquals(await storedRecord(cell, store, "v1"), record);
  assertEquals(await storedRecord(cell, store, "v2"), null);
  await store.set(key, { ...record, result: 8 });
  assertEquals(await storedRecord(cell, store, "v1"), null);
});

Deno.test("cellKey() refuses a config that is no plain data", async () => {
  await assertRejects(
    () => keyOf({ scales: new Float32Array(2) }),
    InputError,
    'Cannot write JSON: value.config.scales must be plain data, got "Float32Array"',
  );
});
