import { assertEquals, assertMatch } from "@std/assert";
import { withFolder } from "../io/temporary_folder.ts";
import { keptFolders } from "../../tools/kept_folders.ts";

const day = 24 * 60 * 60 * 1000;

/** What a folder of some weights is called, or of the scores of a run. */
const version = "ab".repeat(32);

/** Makes the folder of what some code made, whose only part was last touched so long ago. */
async function leave(folder: string, ago: number, file = "block-0"): Promise<void> {
  await Deno.mkdir(`${folder}/${version}`, { recursive: true });
  await Deno.writeTextFile(`${folder}/${version}/${file}.safetensors`, "");
  const time = new Date(Date.now() - ago);
  for (const path of [`${folder}/${version}`, folder]) await Deno.utime(path, time, time);
}

async function namesIn(folder: string): Promise<string[]> {
  return (await Array.fromAsync(Deno.readDir(folder))).map(({ name }) => name).sort();
}

for (const [kind, file] of [["weights", "block-0"], ["scores", "windows-0"]] as const) {
  Deno.test(`keptFolders() keeps ${kind} of this code, and of others for a day`, () =>
    withFolder(async (folder) => {
      const all = `${folder}/${kind}`;
      const { [kind]: kept } = await keptFolders({}, folder);
      assertMatch(kept!.folder, new RegExp(`/${kind}/[0-9a-f]{16}$`));
      const { [kind]: again } = await keptFolders({}, folder);
      assertEquals([again!.folder, again!.sources], [kept!.folder, kept!.sources]);
      assertEquals(await keptFolders({ fresh: true }, folder), {});
      await leave(kept!.folder, 2 * day, file);
      const [old, young, used] = ["0", "1", "2"].map((digit) => digit.repeat(16));
      await leave(`${all}/${old}`, 2 * day, file);
      await leave(`${all}/${young}`, day / 2, file);
      await leave(`${all}/${used}`, 2 * day, file);
      await Deno.utime(`${all}/${used}/${version}`, new Date(), new Date());
      await keptFolders({}, folder);
      assertEquals(await namesIn(all), [kept!.folder.slice(-16), used, young].toSorted());
    }));
}

Deno.test("keptFolders() leaves alone what is not theirs, however old", () =>
  withFolder(async (folder) => {
    const weights = `${folder}/weights`;
    const old = "0".repeat(16);
    for (const name of ["thesis", "0123456789abcdef0", old]) {
      await leave(`${weights}/${name}`, 3 * day);
    }
    const notes = `${weights}/${old}/${version}/notes.txt`;
    await Deno.writeTextFile(notes, "mine");
    for (const path of [notes, `${weights}/${old}/${version}`, `${weights}/${old}`]) {
      await Deno.utime(path, new Date(0), new Date(0));
    }
    await keptFolders({}, folder);
    assertEquals(await namesIn(weights), [old, "0123456789abcdef0", "thesis"]);
    assertEquals(await namesIn(`${weights}/thesis/${version}`), ["block-0.safetensors"]);
    assertEquals(await namesIn(`${weights}/${old}/${version}`), ["notes.txt"]);
  }));

Deno.test("keptFolders() leaves links alone, and what they lead to", () =>
  withFolder(async (folder) => {
    const [weights, away] = [`${folder}/weights`, `${folder}/away`];
    await leave(away, 3 * day);
    const [one, other, third] = ["1", "2", "3"].map((digit) => `${weights}/${digit.repeat(16)}`);
    for (const own of [other, third]) await leave(own, 3 * day);
    await Deno.symlink(away, one);
    await Deno.symlink(`${away}/${version}`, `${other}/${"cd".repeat(32)}`);
    const block = "block-1.safetensors";
    await Deno.symlink(`${away}/${version}`, `${third}/${version}/${block}`);
    for (const path of [`${third}/${version}`, third, other]) await Deno.utime(path, 0, 0);
    await keptFolders({}, folder);
    assertEquals(await namesIn(`${away}/${version}`), ["block-0.safetensors"]);
    assertEquals(await namesIn(weights), ["1", "2", "3"].map((digit) => digit.repeat(16)));
    assertEquals(await namesIn(other), ["cd".repeat(32)]);
    assertEquals(await namesIn(`${third}/${version}`), [block]);
  }));

Deno.test("keptFolders() refuses nothing where a file is in the way", () =>
  withFolder(async (folder) => {
    await Deno.writeTextFile(`${folder}/weights`, "");
    assertMatch((await keptFolders({}, folder)).weights!.folder, /[0-9a-f]{16}$/);
  }));

Deno.test("keptFolders() warns once of what is not kept", async () => {
  const said: string[] = [];
  const { error } = console;
  console.error = (line: string) => void said.push(line);
  try {
    const { weights, scores } = await keptFolders();
    weights!.onUnkept!("the disk is full");
    for (const { onUnkept } of [weights!, scores!]) onUnkept!("another");
  } finally {
    console.error = error;
  }
  const warning =
    "Warning: Quantized weights and scored windows are not kept for the next command: " +
    "the disk is full";
  assertEquals(said, [warning]);
});
