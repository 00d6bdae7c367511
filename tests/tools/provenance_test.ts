import { assertEquals, assertMatch } from "@std/assert";
import { encodeJson } from "../../lib/core/mod.ts";
import { benchProvenance, provenance, withFirstOrigin } from "../../tools/provenance.ts";
import { blockRecord } from "../experiments/result/bench_fixture.ts";
import { withFolder } from "../io/temporary_folder.ts";
import { writeFile } from "./small_tree.ts";

Deno.test("provenance() names no commit outside git", () =>
  withFolder(async (root) => {
    const { commit, date, deno, machine } = await provenance(root);
    assertEquals([commit, deno], [null, Deno.version.deno]);
    assertMatch(machine, /^\d+ cores, /);
    assertMatch(date, /^\d{4}-\d\d-\d\d$/);
  }));

const gitIsMissing = await new Deno.Command("git", { args: ["--version"] }).output()
  .then(({ success }) => !success, () => true);

Deno.test({
  name: "provenance() names the commit, and says where sources differ from it",
  ignore: gitIsMissing,
  fn: () =>
    withFolder(async (root) => {
      const git = async (...args: string[]) => {
        const identity = ["-c", "user.name=test", "-c", "user.email=test@example.org"];
        const command = new Deno.Command("git", { args: [...identity, ...args], cwd: root });
        const { success, stderr } = await command.output();
        assertEquals(success, true, new TextDecoder().decode(stderr));
      };
      await writeFile(root, "lib/core/errors.ts", "export {};");
      await git("init", "-q");
      await git("add", ".");
      await git("commit", "-q", "--no-gpg-sign", "-m", "all");
      assertMatch((await provenance(root)).commit!, /^[0-9a-f]{12}$/);
      await writeFile(root, "results/table1.md", "not a source");
      assertMatch((await provenance(root)).commit!, /^[0-9a-f]{12}$/);
      await writeFile(root, "lib/core/errors.ts", "changed");
      assertMatch((await provenance(root)).commit!, /^[0-9a-f]{12}\+changes$/);
    }),
});

const [first, later] = ["0123456789ab", "ba9876543210"].map((commit) => ({
  commit,
  date: "2026-11-29",
  deno: "2.9.6",
  machine: "a test",
}));

/** A result, and what a file says. */
const now = { provenance: later, values: [1, Infinity], missing: undefined, title: "a title" };
const valuesOf = ({ values }: { values: number[] }) => values;

for (
  const [content, before, origin] of [
    ["the same", { ...now, provenance: first }, first],
    ["the same under another title", { ...now, provenance: first, title: "b" }, first],
    ["other values", { ...now, provenance: first, values: [1, 2] }, later],
    ["no values", { provenance: first }, later],
    ["the same of no known day", { ...now, provenance: { ...first, date: undefined } }, later],
    ["the same of no known origin", { ...now, provenance: undefined }, later],
    ["nothing of a result", 1, later],
  ]
) {
  Deno.test(`withFirstOrigin() of a file that says ${content}`, () =>
    withFolder(async (folder) => {
      const path = `${folder}/result.json`;
      await Deno.writeTextFile(path, encodeJson(before));
      assertEquals(await withFirstOrigin(now, path, valuesOf), { ...now, provenance: origin });
    }));
}

Deno.test("withFirstOrigin() without a file, or with a damaged one, is that of the result", () =>
  withFolder(async (folder) => {
    const path = `${folder}/result.json`;
    assertEquals(await withFirstOrigin(now, path, valuesOf), now);
    await Deno.writeTextFile(path, "[");
    assertEquals(await withFirstOrigin(now, path, valuesOf), now);
  }));

Deno.test("benchProvenance() is where and when the benchmark ran", () => {
  assertEquals(benchProvenance({ ...blockRecord, started: "2026-11-28T23:59:59.999Z" }), {
    commit: "0123456789ab",
    date: "2026-11-28",
    deno: "2.9.6",
    machine: "2 cores, A processor",
  });
});
