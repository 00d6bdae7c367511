import { assert, assertStringIncludes } from "@std/assert";
import { withFolder } from "./io/temporary_folder.ts";

const root = new URL("..", import.meta.url);

/** The first program of the README. */
async function exampleProgram(): Promise<string> {
  const readme = await Deno.readTextFile(new URL("README.md", root));
  return readme.match(/```ts\n([^]*?)```/)![1];
}

/** The flags that the first line of a program says to run it with. */
function flagsOf(program: string): string[] {
  return program.match(/^\/\/ .*: deno run (.*) measure\.ts$/m)![1].split(" ");
}

Deno.test("mod.ts is imported by README's program beside the clone, under another deno.json", () =>
  withFolder(async (folder) => {
    const program = await exampleProgram();
    await Deno.symlink(root.pathname, `${folder}/agile-quant-lab`);
    await Deno.writeTextFile(`${folder}/deno.json`, `{ "imports": { "tfjs": "./other.ts" } }`);
    await Deno.writeTextFile(`${folder}/text.txt`, "The mill stands in the town.\n".repeat(400));
    await Deno.writeTextFile(`${folder}/measure.ts`, program);
    const command = new Deno.Command(Deno.execPath(), {
      args: ["run", "--quiet", ...flagsOf(program), "measure.ts"],
      cwd: folder,
      env: { NO_COLOR: "1" },
    });
    const { success, stdout, stderr } = await command.output();
    assert(success, new TextDecoder().decode(stderr));
    const printed = new TextDecoder().decode(stdout);
    assertStringIncludes(printed, "value: ");
    assertStringIncludes(printed, "low: ");
  }));
