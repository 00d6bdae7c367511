import { assert, assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import { InputError } from "../../lib/core/mod.ts";
import { removeStoredScores, StoredScores, type WindowScores } from "../../lib/eval/mod.ts";
import { withFolder } from "../io/temporary_folder.ts";

/** Scores of a window that no other has. */
function scoresOf(seed: number, hasReference = true): WindowScores {
  const floats = (part: number) => Float32Array.of(seed + part, Infinity, -0);
  const flags = Uint8Array.of(seed % 2, 1, 0);
  return {
    ...{ loss: floats(0.1), survived: flags },
    ...hasReference && {
      ...{ referenceLoss: floats(0.2), divergence: floats(0.3), agreement: flags },
    },
  };
}

const windows = [0, 1, 2, 3, 4].map((seed) => [scoresOf(seed)]);

/** Keeps windows as a run does, each in a file. */
async function keep(folder: string, all: WindowScores[][]): Promise<StoredScores> {
  const kept = new StoredScores(folder);
  const found = await kept.read(all[0].length, all.length);
  for (const scores of all.slice(found.length)) {
    kept.add(scores);
    await kept.flush();
  }
  return kept;
}

const filesIn = async (folder: string) =>
  (await Array.fromAsync(Deno.readDir(folder), ({ name }) => name)).sort();

Deno.test("StoredScores give the scores of a run to whoever runs the same next, bit for bit", () =>
  withFolder(async (folder) => {
    const place = `${folder}/run`;
    assertEquals(await new StoredScores(place).read(1, 5), []);
    await keep(place, windows.slice(0, 3));
    assertEquals(await new StoredScores(place).read(1, 5), windows.slice(0, 3));
    await keep(place, windows);
    assertEquals(await new StoredScores(place).read(1, 5), windows);
    assertEquals(await new StoredScores(place).read(1, 4), windows.slice(0, 4));
    await keep(`${folder}/alone`, [[scoresOf(1, false)]]);
    assertEquals(await new StoredScores(`${folder}/alone`).read(1, 5), [[scoresOf(1, false)]]);
  }));

Deno.test("StoredScores keep those of several runs of each window", () =>
  withFolder(async (folder) => {
    const pairs = [0, 2].map((seed) => [scoresOf(seed), scoresOf(seed + 1, false)]);
    await keep(folder, pairs);
    assertEquals(await new StoredScores(folder).read(2, 5), pairs);
    assertEquals(await new StoredScores(folder).read(1, 5), []);
  }));

Deno.test("StoredScores write together what comes within a pause, without being asked", () =>
  withFolder(async (folder) => {
    const kept = new StoredScores(folder, { pause: 20 });
    await kept.read(1, 5);
    for (const scores of windows.slice(0, 3)) kept.add(scores);
    assertEquals(await filesIn(folder), []);
    while ((await filesIn(folder)).join() !== "windows-0.safetensors") {
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
    kept.add(windows[3]);
    await kept.flush();
    assertEquals(await filesIn(folder), ["windows-0.safetensors", "windows-3.safetensors"]);
    assertEquals(await new StoredScores(folder).read(1, 5), windows.slice(0, 4));
  }));

Deno.test("StoredScores hold a file for none that is damaged or another's, and those behind it", () =>
  withFolder(async (folder) => {
    const place = `${folder}/run`;
    await keep(place, windows);
    const [second, third] = [1, 2].map((first) => `${place}/windows-${first}.safetensors`);
    const whole = await Deno.readFile(second);
    await Deno.writeFile(
      second,
      whole.map((byte, index) => index === whole.length - 1 ? byte ^ 1 : byte),
    );
    assertEquals(await new StoredScores(place).read(1, 5), windows.slice(0, 1));
    await Deno.copyFile(third, second);
    assertEquals(await new StoredScores(place).read(1, 5), windows.slice(0, 1));
    await Deno.rename(place, `${folder}/another`);
    assertEquals(await new StoredScores(`${folder}/another`).read(1, 5), []);
    await keep(`${folder}/another`, windows);
    assertEquals(await new StoredScores(`${folder}/another`).read(1, 5), windows);
  }));

Deno.test("StoredScores tell why a folder does not take them, and end no run", () =>
  withFolder(async (folder) => {
    await Deno.writeTextFile(`${folder}/file`, "");
    const reasons: string[] = [];
    const place = `${folder}/file/below`;
    const kept = new StoredScores(place, { onUnkept: (reason) => reasons.push(reason) });
    assertEquals(await kept.read(1, 5), []);
    kept.add(windows[0]);
    await kept.flush();
    assertEquals(reasons.length, 1);
    assertStringIncludes(reasons[0], place);
    await kept.remove();
  }));

Deno.test("StoredScores are gone once they are removed, where nobody has put something beside them", () =>
  withFolder(async (folder) => {
    const [own, shared] = ["own", "shared"].map((name) => `${folder}/${name}`);
    for (const place of [own, shared]) {
      const kept = await keep(place, windows);
      if (place === shared) await Deno.writeTextFile(`${shared}/windows-01.safetensors`, "");
      kept.add(windows[0]);
      await kept.remove();
    }
    assertEquals(await filesIn(folder), ["shared"]);
    assertEquals(await filesIn(shared), ["windows-01.safetensors"]);
    await new StoredScores(`${folder}/none`).remove();
  }));

Deno.test("removeStoredScores() refuses a folder in which something else is", () =>
  withFolder(async (folder) => {
    await keep(folder, windows);
    await Deno.writeTextFile(`${folder}/notes.txt`, "mine");
    const message = `Cannot remove ${folder}: the system must allow it`;
    const error = await assertRejects(() => removeStoredScores(folder), InputError);
    assert(error.message.startsWith(message), error.message);
    assertEquals(await filesIn(folder), ["notes.txt"]);
  }));
