import { assertEquals, assertRejects } from "@std/assert";
import { InputError } from "../../lib/core/mod.ts";
import { withLock } from "../../lib/io/lock.ts";
import { withFolder } from "./temporary_folder.ts";

const never = undefined;
const pause = (milliseconds: number) => new Promise((resolve) => setTimeout(resolve, milliseconds));

Deno.test("withLock() lets one after the other work, and gives what the work gives", () =>
  withFolder(async (folder) => {
    const steps: string[] = [];
    const work = (name: string) =>
      withLock(`${folder}/lock`, never, async () => {
        steps.push(`${name} begins`);
        await pause(20);
        steps.push(`${name} ends`);
        return name;
      });
    assertEquals(await Promise.all([work("a"), work("b")]), ["a", "b"]);
    assertEquals(steps.map((step) => step.split(" ")[1]), ["begins", "ends", "begins", "ends"]);
  }));

Deno.test("withLock() lets the next one work where the work fails", () =>
  withFolder(async (folder) => {
    const fail = () => withLock(`${folder}/lock`, never, () => Promise.reject(new Error("failed")));
    await assertRejects(fail, Error, "failed");
    assertEquals(await withLock(`${folder}/lock`, never, () => Promise.resolve(1)), 1);
  }));

Deno.test("withLock() waits for the file of the name, not for one that was removed", () =>
  withFolder(async (folder) => {
    const path = `${folder}/lock`;
    const steps: string[] = [];
    const begun = Promise.withResolvers<void>();
    const first = withLock(path, never, async () => {
      begun.resolve();
      await pause(150); // the second waits for this file by now
      await Deno.remove(path);
      steps.push("removed");
    });
    await begun.promise;
    const second = withLock(path, never, async () => {
      steps.push("second");
      assertEquals((await Deno.stat(path)).isFile, true);
    });
    await Promise.all([first, second]);
    assertEquals(steps, ["removed", "second"]);
  }));

Deno.test("withLock() stops waiting where its signal is aborted", () =>
  withFolder(async (folder) => {
    const path = `${folder}/lock`;
    await withLock(path, never, async () => {
      const signal = AbortSignal.timeout(10);
      const waiting = withLock(path, signal, () => Promise.resolve());
      assertEquals(await waiting.catch((error) => error === signal.reason), true);
    });
  }));

Deno.test("withLock() refuses a path that cannot be opened", () =>
  withFolder(async (folder) => {
    const path = `${folder}/none/lock`;
    const message = `Cannot lock ${path}: the file must exist`;
    await assertRejects(() => withLock(path, never, () => Promise.resolve()), InputError, message);
  }));
