import { assertEquals, assertMatch, assertNotEquals } from "@std/assert";
import { encodeJson } from "../../lib/core/mod.ts";
import { provenance, sourceHash, withFirstOrigin } from "../../tools/provenance.ts";
import { withFolder } from "../io/temporary_folder.ts";

const files = {
  "deno.lock": "{}",
  "lib/core/errors.ts": "export {};",
  "lib/tensor/kernels_simd.wasm": "\0asm",
  "lib/README.md": "words",
  "experiments/measure/evaluation.ts": "export {};",
  "experiments/tables/render.ts": "export {};",
  "experiments/draw/figure1_drawing.ts": "export {};",
  "lib/report/text.ts": "export {};",
  "experiments/tables/paper_tables.json": "{}",
  "tools/reproduce.ts": "export {};",
};

async function write(root: string, path: string, content: string): Promise<void> {
  await Deno.mkdir(`${root}/${path}`.replace(/[^/]*$/, ""), { recursive: true });
  await Deno.writeTextFile(`${root}/${path}`, content);
}

async function writeAll(root: string, entries: [path: string, content: string][]): Promise<void> {
  for (const [path, content] of entries) await write(root, path, content);
}

for (
  const path of [
    "deno.lock",
    "lib/core/errors.ts",
    "lib/tensor/kernels_simd.wasm",
    "experiments/measure/evaluation.ts",
    "lib/core/new.ts",
    "experiments/figures/new.ts",
  ]
) {
  Deno.test(`sourceHash() changes with ${path}`, () =>
    withFolder(async (root) => {
      await writeAll(root, Object.entries(files));
      const before = await sourceHash(root);
      await write(root, path, "changed");
      assertNotEquals(await sourceHash(root), before);
    }));
}

for (
  const path of [
    "lib/README.md",
    "experiments/tables/render.ts",
    "experiments/draw/figure1_drawing.ts",
    "lib/report/text.ts",
    "experiments/tables/paper_tables.json",
    "tools/reproduce.ts",
    "results/table1.md",
  ]
) {
  Deno.test(`sourceHash() does not change with ${path}`, () =>
    withFolder(async (root) => {
      await writeAll(root, Object.entries(files));
      const before = await sourceHash(root);
      await write(root, path, "changed");
      assertEquals(await sourceHash(root), before);
    }));
}

Deno.test("sourceHash() depends on the files alone, not on their folder or its order", () =>
  withFolder((one) =>
    withFolder(async (other) => {
      await writeAll(one, Object.entries(files));
      await writeAll(`${other}/a folder`, Object.entries(files).reverse());
      assertEquals(await sourceHash(`${other}/a folder`), await sourceHash(one));
    })
  ));

Deno.test("sourceHash() changes when a file is renamed", () =>
  withFolder(async (root) => {
    await writeAll(root, Object.entries(files));
    const before = await sourceHash(root);
    await Deno.rename(`${root}/lib/core/errors.ts`, `${root}/lib/core/refusals.ts`);
    assertNotEquals(await sourceHash(root), before);
  }));

Deno.test("sourceHash() of this checkout is a sha256", async () => {
  assertMatch(await sourceHash(new URL("../..", import.meta.url).pathname), /^[0-9a-f]{64}$/);
});

Deno.test("provenance() names no commit outside git", () =>
  withFolder(async (root) => {
    const { commit, deno, machine } = await provenance(root);
    assertEquals([commit, deno], [null, Deno.version.deno]);
    assertMatch(machine, /^\d+ cores, /);
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
      await writeAll(root, Object.entries(files));
      await git("init", "-q");
      await git("add", ".");
      await git("commit", "-q", "--no-gpg-sign", "-m", "all");
      assertMatch((await provenance(root)).commit!, /^[0-9a-f]{12}$/);
      await write(root, "results/table1.md", "not a source");
      assertMatch((await provenance(root)).commit!, /^[0-9a-f]{12}$/);
      await write(root, "lib/core/errors.ts", "changed");
      assertMatch((await provenance(root)).commit!, /^[0-9a-f]{12}\+changes$/);
    }),
});

Deno.test("withFirstOrigin() keeps the origin of a file that says the same, and of no other", () =>
  withFolder(async (folder) => {
    const path = `${folder}/result.json`;
    const [first, later] = ["0123456789ab", "ba9876543210"].map((commit) => ({
      commit,
      deno: "2.9.6",
      machine: "a test",
    }));
    const now = { provenance: later, values: [1, Infinity], missing: undefined };
    assertEquals(await withFirstOrigin(now, path), now);
    await Deno.writeTextFile(path, encodeJson({ values: now.values, provenance: first }));
    assertEquals(await withFirstOrigin(now, path), { ...now, provenance: first });
    const other = { ...now, values: [1, 2] };
    assertEquals(await withFirstOrigin(other, path), other);
    await Deno.writeTextFile(path, "[");
    assertEquals(await withFirstOrigin(now, path), now);
  }));
