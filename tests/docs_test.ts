import { assert, assertEquals, assertThrows } from "@std/assert";
import config from "../deno.json" with { type: "json" };
import { type CodeBlock, codeBlocksOf, moduleOf, taskCallsOf } from "./docs/code_blocks.ts";
import { withFolder } from "./io/temporary_folder.ts";
import { runTool } from "./tools/run_tool.ts";

const root = new URL("..", import.meta.url);

/** Paths from the root of all files below some folders, or of the folders themselves if files. */
function filesBelow(...paths: string[]): string[] {
  return paths.flatMap((path) => {
    if (Deno.statSync(new URL(path, root)).isFile) return [path];
    return [...Deno.readDirSync(new URL(path, root))].flatMap(({ name }) =>
      filesBelow(`${path}/${name}`)
    );
  });
}

/** The text of every page for readers, and of every source, by their paths. */
const [pages, sources] = [
  filesBelow("README.md", "CONTRIBUTING.md", "docs", "data/models", "tests/golden/hf")
    .filter((path) => path.endsWith(".md")),
  filesBelow("lib", "experiments", "tools", "bench", "tests").filter((path) =>
    path.endsWith(".ts")
  ),
].map((paths) => paths.map((path) => ({ path, text: Deno.readTextFileSync(new URL(path, root)) })));

const blocks = [...pages, ...sources].flatMap(({ path, text }) => codeBlocksOf(path, text));
const programs = blocks.filter(({ language }) => ["ts", "diff"].includes(language));

Deno.test("blocks of code are in languages that are tested", () => {
  const others = blocks.filter(({ language }) =>
    !["ts", "diff", "sh", "json", "text"].includes(language)
  );
  assertEquals(others.map(({ file, line, language }) => `${file}:${line} ${language}`), []);
});

Deno.test("blocks of JSON are JSON", () => {
  for (const { language, code } of blocks) if (language === "json") JSON.parse(code);
});

/**
 * Writes all programs to a folder.
 *
 * @returns The file of each program, and the import map by which some stand for files of the project.
 */
async function writePrograms(
  folder: string,
): Promise<{ files: Map<CodeBlock, string>; map: string }> {
  const imports: Record<string, string> = { ...config.imports };
  const files = new Map<CodeBlock, string>();
  for (const program of programs) {
    const { path, code, standsFor } = moduleOf(program, root, sourceAt);
    const file = `${folder}/${path}`;
    assert(![...files.values()].includes(file), `${path} is written twice`);
    await Deno.mkdir(file.slice(0, file.lastIndexOf("/")), { recursive: true });
    await Deno.writeTextFile(file, code);
    files.set(program, file);
    if (standsFor) imports[standsFor] = `file://${file}`;
  }
  const map = `${folder}/imports.json`;
  await Deno.writeTextFile(map, JSON.stringify({ imports }));
  return { files, map };
}

/** The source of the project at a path. */
function sourceAt(path: string): string {
  return sources.find((source) => source.path === path)!.text;
}

/** Runs Deno in the folder of the project: what it prints; it must end well. */
async function deno(args: string[], env: Record<string, string> = {}): Promise<string> {
  const command = new Deno.Command(Deno.execPath(), {
    args,
    cwd: root,
    env: { NO_COLOR: "1", ...env },
  });
  const { success, stdout, stderr } = await command.output();
  assert(success, new TextDecoder().decode(stderr));
  return new TextDecoder().decode(stdout);
}

/** What a program may do that shows the library; it writes temporary files alone. */
const permissions = (temporary: string) => [
  ...["--no-prompt", "--allow-read", "--allow-ffi", `--allow-write=${temporary}`],
  "--allow-env=AGILE_QUANT_*,GOMP_SPINCOUNT,UNDICI_*",
];

/** What a page says a program prints: the block of text behind it. */
function printedBy(program: CodeBlock): string | undefined {
  const next = blocks[blocks.indexOf(program) + 1];
  return next?.file === program.file && next.language === "text" ? next.code : undefined;
}

Deno.test("programs in pages and comments pass the type checker and the linter, and run", (test) =>
  withFolder(async (folder) => {
    const { files, map } = await writePrograms(folder);
    const temporary = `${folder}/temporary`;
    await Deno.mkdir(temporary);
    const configuration = [`--config=${root.pathname}deno.json`, `--import-map=${map}`];
    const settings = ["--quiet", "--frozen", ...configuration];
    await test.step("all pass the type checker", async () => {
      await deno(["check", ...settings, ...files.values()]);
    });
    await test.step("all pass the linter", async () => {
      await deno(["lint", "--quiet", ...files.values()]);
    });
    for (const [program, file] of files) {
      if (program.language === "diff") continue;
      if (program.code.includes("beside the clone")) continue; // tests/mod_test.ts runs it there
      await test.step(`${program.file}:${program.line} runs`, async () => {
        const command = file.endsWith("_test.ts") ? "test" : "run";
        const how = ["--no-check", ...settings, ...permissions(temporary)];
        const printed = await deno([command, ...how, file], { TMPDIR: temporary });
        assertEquals(printed, printedBy(program) ?? printed);
      });
    }
  }));

/** The options of every task that is a tool, from its help. */
async function optionsOf(task: string): Promise<Set<string>> {
  const { command } = config.tasks[task as keyof typeof config.tasks];
  const [, kind, tool] = command.match(/-P=(\w+) tools\/(\w+)\.ts$/) ?? [];
  if (!tool) return new Set();
  const { out } = await runTool(tool, kind, "--help");
  return new Set([...out.matchAll(/^ +(?:-\w, )?(--[\w-]+)/gm)].map(([, option]) => option));
}

Deno.test("tasks that pages and comments call exist and have the options named", async () => {
  const calls = [...pages, ...sources].flatMap(({ path, text }) =>
    path.startsWith("tests/") ? [] : taskCallsOf(text).map((call) => ({ path, ...call }))
  );
  assert(calls.some(({ path }) => path === "README.md"));
  const options = new Map<string, Promise<Set<string>>>();
  for (const { path, task, arguments: words } of calls) {
    assert(task in config.tasks, `${path}: there is no task ${task}`);
    for (const word of words.filter((each) => each.startsWith("--"))) {
      if (!options.has(task)) options.set(task, optionsOf(task));
      assert((await options.get(task)!).has(word), `${path}: ${task} has no option ${word}`);
    }
  }
});

/** What stands for the capitals in calls of tasks. */
const examples: Record<string, string> = {
  DIR: "data/models/llama-encyclopedia",
  FILE: "README.md",
  TEXT: "The mill",
};

Deno.test("calls of tasks in blocks of shell run where they take seconds", async () => {
  const calls = blocks.filter(({ language }) => language === "sh")
    .flatMap(({ code }) => taskCallsOf(code))
    .filter(({ task, arguments: words }) =>
      ["perplexity", "generate", "encyclopedia"].includes(task) && !words.includes("--method")
    );
  assert(calls.length > 0);
  for (const { task, arguments: words } of calls) {
    await deno(["task", "--quiet", task, ...words.map((word) => examples[word] ?? word)]);
  }
});

/** What pages name that is not there: folders to come, and files that their programs stand for. */
const absent = new Set([
  "lib/linear",
  ...programs.flatMap((program) =>
    moduleOf(program, root, sourceAt).standsFor?.slice(root.href.length) ?? []
  ),
]);

Deno.test("pages link to files and name files that exist", () => {
  const missing = pages.flatMap(({ path, text }) => {
    const prose = text.replaceAll(/^```[^]*?^```$/gm, "");
    const links = [...prose.matchAll(/\]\((?!https?:)([^)#]+)[^)]*\)/g)]
      .map(([, target]) => new URL(target, new URL(path, root)));
    const named = [
      ...prose.matchAll(/`((?:lib|experiments|tools|tests|bench|docs|notebooks|data)\/[\w./-]*)`/g),
    ]
      .map(([, target]) => new URL(target, root));
    return [...links, ...named].filter((url) => !exists(url))
      .map((url) => url.href.slice(root.href.length))
      .filter((target) => !absent.has(target))
      .map((target) => `${path}: ${target}`);
  });
  assertEquals(missing, []);
});

function exists(url: URL): boolean {
  try {
    return Deno.statSync(url) !== undefined;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return false;
    throw error;
  }
}

Deno.test("docs/dependencies.md has the packages of deno.json in their versions", () => {
  const { text } = pages.find(({ path }) => path === "docs/dependencies.md")!;
  const rows = [...text.matchAll(/^\| `([^`]+)` +\| (\S+) +\| (.+?) +\| (.+?) +\|$/gm)];
  const listed = rows.map(([, name, version]) => `npm:${name}@${version}`);
  const imported = Object.values(config.imports).map((specifier) =>
    specifier.match(/^npm:(?:@[^/]+\/)?[^/]+/)![0]
  );
  const packages = [...new Set(imported)]; // of some, several parts are imported
  assertEquals(listed.toSorted(), packages.toSorted());
});

Deno.test("codeBlocksOf() reads pages, and the comments of sources alone", () => {
  const page = "One\n\n```sh\ndeno task ok # all\n\ntrue\n```\n\n```ts ignore\nlet a;\n```\n";
  assertEquals(codeBlocksOf("a.md", page), [
    { file: "a.md", line: 3, language: "sh", code: "deno task ok # all\n\ntrue\n" },
    { file: "a.md", line: 9, language: "ts ignore", code: "let a;\n" },
  ]);
  const source =
    "/**\n * @example\n * ```ts\n * if (a) {\n *   b();\n * }\n * ```\n */\nconst c = `\n```\n`;";
  assertEquals(codeBlocksOf("lib/a.ts", source), [
    { file: "lib/a.ts", line: 3, language: "ts", code: "if (a) {\n  b();\n}\n" },
  ]);
  assertThrows(
    () => codeBlocksOf("a.md", "\n```ts\nlet a;\n"),
    Error,
    "a.md:2: the block has no end",
  );
});

Deno.test("moduleOf() takes imports from where a program is meant to lie", () => {
  const moduleAt = (line: number, code: string) =>
    moduleOf(
      { file: "docs/a.md", line, language: "ts", code },
      new URL("file:///clone/"),
      sourceAt,
    );
  assertEquals(moduleAt(1, `// lib/quant/half.ts\nimport { a } from "../core/mod.ts";\n`), {
    path: "lib/quant/half.ts",
    code: `// lib/quant/half.ts\nimport { a } from "file:///clone/lib/core/mod.ts";\n`,
    standsFor: "file:///clone/lib/quant/half.ts",
  });
  assertEquals(moduleAt(9, `import { a } from "./lib/quant/half.ts";\nimport "commander";\n`), {
    path: "docs_a_md_9.ts",
    code: `import { a } from "file:///clone/lib/quant/half.ts";\nimport "commander";\n`,
  });
  assertEquals(moduleAt(20, `export * from "./agile-quant-lab/lib/mod.ts";`), {
    path: "docs_a_md_20.ts",
    code: `export * from "file:///clone/lib/mod.ts";`,
  });
});

Deno.test("moduleOf() changes a file of the project as a diff says", () => {
  const source =
    `import { a } from "./a.ts";\nimport { c } from "./c.ts";\nconst all = { a, c };\n`;
  const code = `--- lib/x/all.ts\n+++ lib/x/all.ts\n@@\n import { a } from "./a.ts";\n` +
    `+import { b } from "./b.ts";\n@@\n-const all = { a, c };\n+const all = { a, b, c };\n`;
  const block = { file: "docs/a.md", line: 5, language: "diff", code };
  assertEquals(moduleOf(block, new URL("file:///clone/"), () => source), {
    path: "lib/x/all.ts",
    code: [
      ...["a", "b", "c"].map((name) =>
        `import { ${name} } from "file:///clone/lib/x/${name}.ts";\n`
      ),
      "const all = { a, b, c };\n",
    ].join(""),
    standsFor: "file:///clone/lib/x/all.ts",
  });
  const message = 'docs/a.md:5: found 0 times:\nimport { a } from "./a.ts";';
  assertThrows(() => moduleOf(block, new URL("file:///clone/"), () => ""), Error, message);
});

Deno.test("taskCallsOf() finds calls with their options, in shell and in prose", () => {
  const text =
    "With `deno task figures --figure\n7,8`, then:\n\n    npx -y deno@2.9.6 task reproduce   # all\n" +
    "    deno task encyclopedia --seed 1 > test.txt\n";
  assertEquals(taskCallsOf(text), [
    { task: "figures", arguments: ["--figure", "7,8"] },
    { task: "reproduce", arguments: [] },
    { task: "encyclopedia", arguments: ["--seed", "1"] },
  ]);
});
