import { assertEquals, assertRejects } from "@std/assert";
import { InputError } from "../../lib/core/mod.ts";
import { isMissing, isPassing, persist, persistSync } from "../../lib/io/persist.ts";

/** What Deno throws where a system call fails so, as `strace -e inject=openat:error=ESTALE` shows. */
const stale = new Error("Stale file handle (os error 116): open 'a'");
const broken = Object.assign(new Error("Input/output error (os error 5)"), { code: "EIO" });
const late = Object.assign(new Deno.errors.TimedOut("(os error 110)"), { code: "ETIMEDOUT" });
const full = Object.assign(new Error("No space left on device"), { code: "ENOSPC" });
const missing = new Deno.errors.NotFound("(os error 2)");

/** The refusal of an input because of an error of the system. */
const refusalOf = (cause: Error) => Object.assign(new InputError("Cannot read a"), { cause });

/** Work that fails so often before it gives how often it was tried. */
function failing(times: number, error: unknown) {
  let tries = 0;
  const work = () => ++tries > times ? Promise.resolve(tries) : Promise.reject(error);
  return { work, tries: () => tries };
}

Deno.test("persist() tries again what fails for a moment, a few times", async () => {
  for (const error of [stale, broken, late, refusalOf(stale)]) {
    assertEquals(await persist(failing(3, error).work), 4);
    const { work, tries } = failing(99, error);
    assertEquals([await persist(work).catch((last) => last), tries()], [error, 5]);
  }
});

Deno.test("persistSync() tries as often, and no more what stays as it is", () => {
  const tries = (times: number, error: Error) => {
    let count = 0;
    const work = () => {
      if (++count <= times) throw error;
    };
    try {
      persistSync(work);
    } catch (last) {
      assertEquals(last, error);
    }
    return count;
  };
  assertEquals([tries(3, stale), tries(99, refusalOf(broken)), tries(1, full)], [4, 5, 1]);
});

Deno.test("persist() tries nothing again that stays as it is, unless it is said to be worth it", async () => {
  for (const error of [full, missing, refusalOf(missing), new RangeError("a defect"), "reason"]) {
    const { work, tries } = failing(1, error);
    assertEquals([await persist(work).catch((last) => last), tries()], [error, 1]);
  }
  assertEquals(await persist(failing(1, refusalOf(missing)).work, isMissing), 2);
  await assertRejects(() => persist(failing(1, stale).work, isMissing), Error, "Stale");
});

Deno.test("isPassing() and isMissing() look at the error of the system behind a refusal", () => {
  for (const error of [stale, broken, late, full, missing]) {
    const expected = [error !== full && error !== missing, error === missing];
    assertEquals([isPassing(error), isMissing(error)], expected);
    assertEquals([isPassing(refusalOf(error)), isMissing(refusalOf(error))], expected);
  }
});
