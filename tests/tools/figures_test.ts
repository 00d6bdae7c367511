import { assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { isFolder } from "../../lib/io/files.ts";
import { tinyArchitecture, writeTinyModel } from "../experiments/measure/tiny_folder.ts";
import { withFolder } from "../io/temporary_folder.ts";
import { runTool } from "./run_tool.ts";

Deno.test("figures answers an unknown figure with one line and status 2", async () => {
  const { code, out, err } = await runTool("figures", "figures", "--figure", "1,nine");
  assertEquals([code, out], [2, ""]);
  assertMatch(
    err,
    /^Cannot read the command line: --figure must be 1 or 2 or .*sensitivity.*, got "nine"$/,
  );
});

Deno.test("figures answers a model that is not there with one line and status 2", async () => {
  const ran = await runTool("figures", "figures", "--figure", "6", "--model", "nowhere");
  const err = "Cannot load nowhere: the folder must exist";
  assertEquals(ran, { code: 2, out: "", err });
});

Deno.test("figures names every model that is refused on a line of its own", () =>
  withFolder(async (root) => {
    await Deno.writeTextFile(`${root}/ids.json`, "[]");
    const names = Array.from({ length: 16 }, (_, index) => `${"model-".repeat(20)}${index}`);
    for (const name of names) {
      await Deno.mkdir(`${root}/${name}`);
      await Deno.copyFile("tests/golden/hf/llama/config.json", `${root}/${name}/config.json`);
    }
    const models = names.flatMap((name) => ["--model", `${root}/${name}`]);
    const texts = ["--ids", `${root}/ids.json`, "--out", `${root}/out`];
    const args = ["--figure", "6", ...models, ...texts];
    const { code, out, err } = await runTool("figures", "figures", ...args);
    assertEquals([code, out], [2, ""]);
    const lines = err.split("\n");
    assertEquals(lines.map((line) => line.split(": ")[0]), names);
  }));

Deno.test("figures draws models of one folder name on token ids, in files of their own", () =>
  withFolder(async (root) => {
    const ids = Array.from({ length: 3000 }, (_, index) => (7 * index) % 300);
    await Deno.writeTextFile(`${root}/ids.json`, JSON.stringify(ids));
    const texts = ["--ids", `${root}/ids.json`, "--calibration", `${root}/ids.json`];
    const limits = ["--window", "128", "--windows", "2", "--out", `${root}/out`];
    const models = [1, 2].map((seed) => `${root}/${seed}/mine`);
    for (const [index, folder] of models.entries()) {
      await writeTinyModel(folder, { ...tinyArchitecture, layers: 2 + index });
      await Deno.remove(`${folder}/tokenizer.json`);
      const args = ["--figure", "3,6", "--model", folder, ...texts, ...limits];
      const { code, out, err } = await runTool("figures", "figures", ...args);
      assertEquals(code, 0, err);
      assertMatch(out, /\/out\/figure6-mine-[0-9a-f]{8}\.svg\)/);
    }
    const files = Array.from(Deno.readDirSync(`${root}/out`), ({ name }) => name);
    assertEquals(files.length, 8);
    const drawn = files.find((name) => /^figure3.*\.json$/.test(name))!;
    const { data, shows, provenance } = JSON.parse(await Deno.readTextFile(`${root}/out/${drawn}`));
    assertEquals(data[0].model, "mine on ids.json");
    assertStringIncludes(shows, "mine on ids.json");
    assertEquals(typeof provenance.deno, "string");
  }));

Deno.test("figures --figure divergence reads the table beside it, unless all is measured anew", () =>
  withFolder(async (root) => {
    await writeTinyModel(`${root}/mine`, { ...tinyArchitecture, layers: 2 });
    const ids = Array.from({ length: 3000 }, (_, index) => (17 * index) % 300);
    await Deno.writeTextFile(`${root}/ids.json`, JSON.stringify(ids));
    await Deno.mkdir(`${root}/out`);
    await Deno.writeTextFile(`${root}/out/table1.json`, "{}");
    const model = ["--model", `${root}/mine`, "--window", "128", "--windows", "2"];
    const texts = ["--ids", `${root}/ids.json`, "--calibration", `${root}/ids.json`];
    const args = ["--figure", "divergence", ...model, ...texts, "--out", `${root}/out/figures`];
    const refused = await runTool("figures", "figures", "--dry-run", ...args);
    assertEquals([refused.code, refused.out], [2, ""]);
    assertStringIncludes(refused.err, `divergence: Cannot read ${root}/out/table1.json: `);
    const fresh = await runTool("figures", "figures", "--dry-run", ...args, "--fresh");
    assertMatch(fresh.out, /^divergence: 19 cells\n/);
  }));

Deno.test("figures --dry-run names its cells, and measures and writes nothing", () =>
  withFolder(async (root) => {
    await writeTinyModel(`${root}/mine`, { ...tinyArchitecture, layers: 2 });
    // Others than those of tests that draw this figure, and so store its cell.
    const ids = Array.from({ length: 3000 }, (_, index) => (13 * index) % 300);
    await Deno.writeTextFile(`${root}/ids.json`, JSON.stringify(ids));
    const model = ["--model", `${root}/mine`, "--window", "128", "--windows", "2"];
    const texts = ["--ids", `${root}/ids.json`, "--calibration", `${root}/ids.json`];
    const args = ["--figure", "6", ...model, ...texts, "--fresh", "--dry-run", "--out"];
    const { code, out, err } = await runTool("figures", "figures", ...args, `${root}/out`);
    assertEquals([code, out], [0, "figure6: 1 cell\n  [1/1] figure6/mine on ids.json"], err);
    assertEquals(await Array.fromAsync(Deno.readDir(`${root}/out`)), []);
    const queue = ["--executor", "hyperqueue", "--submit-options", "--cpus=2"];
    const rest = args.filter((arg) => arg !== "--fresh");
    const given = await runTool("figures", "figures", ...rest, `${root}/out`, ...queue);
    assertMatch(
      given.out,
      /^figure6: 1 cell in 1 task of HyperQueue:\n {2}0: figure6\/mine on ids/,
    );
    assertMatch(given.out, /--array=0-0 .* --cpus=2 -- sh /);
  }));

const repository = await isFolder(".git") ? [".git"] : []; // a file in a worktree

for (const [tool, ...what] of [["figures", "--figure", "2"], ["reproduce", "--table", "4"]]) {
  for (const folder of ["lib", "experiments/tables/expected", "tools/out", ...repository]) {
    Deno.test(`${tool} may not write to ${folder}, and says so before it measures`, async () => {
      const { code, out, err } = await runTool(tool, tool, ...what, "--out", folder);
      assertEquals([code, out, err.split("\n").length], [2, "", 1]);
      assertStringIncludes(err, `Cannot write to ${folder}: `);
      assertStringIncludes(err, "write access");
    });
  }
}
