import { assertEquals, assertRejects } from "@std/assert";
import { InputError } from "../../lib/core/mod.ts";
import { writeAtomically } from "../../lib/io/mod.ts";
import {
  carriedResults,
  type Cell,
  complaintsAbout,
  definitionsIn,
  figureCells,
  formatNotebook,
  type Notebook,
  notebookMetadata,
  notebookModule,
  readNotebook,
  resultStatement,
  stripNotebook,
} from "../../tools/notebook.ts";
import { withFolder } from "../io/temporary_folder.ts";

function code(source: string | string[], outputs: Cell["outputs"] = []): Cell {
  return { cell_type: "code", execution_count: null, id: "a-01", metadata: {}, outputs, source };
}

function notebook(...cells: Cell[]): Notebook {
  return { cells, metadata: notebookMetadata, nbformat: 4, nbformat_minor: 5 };
}

const prose: Cell = { cell_type: "markdown", id: "a-00", metadata: {}, source: ["# A\n"] };

Deno.test("stripNotebook() removes what running and viewing leave behind, nothing else", () => {
  const run: Cell = {
    ...code("const a = 1;\na;", [{ output_type: "execute_result" }]),
    metadata: { execution: { "shell.execute_reply": "2026" }, result: true },
    execution_count: 3,
  };
  const viewed = { ...notebook(prose, run), metadata: { kernelspec: {}, widgets: {} } };
  assertEquals(stripNotebook(viewed), notebook(prose, code(["const a = 1;\n", "a;"])));
});

Deno.test("stripNotebook() and formatNotebook() leave a clean notebook as it is", () => {
  const clean = notebook(prose, code(["1;"]), code([]));
  const text = formatNotebook(clean);
  assertEquals(formatNotebook(stripNotebook(JSON.parse(text))), text);
});

Deno.test("notebookModule() joins the code", () => {
  assertEquals(notebookModule(notebook(code("a;"), prose, code(["b;\n", "c;"]))), "a;\n\nb;\nc;\n");
});

for (
  const [source, result] of [
    ["const a = 1;", undefined],
    ["const a = 1;\nshow(\n  a,\n);", "show(\n  a,\n);"],
    ["const { a } = f({\n  b,\n});", undefined],
    ['import { a } from "./a.ts";\nawait a();', "await a();"],
    ["console.log(1);", undefined],
    ["constant;", "constant;"],
  ] as const
) {
  Deno.test(`resultStatement() of ${JSON.stringify(source)}`, () => {
    assertEquals(resultStatement(code(source)), result);
  });
}

Deno.test("figureCells() are those that end in a figure", () => {
  const cells = [
    code("displayFigure(a);"),
    code("display(a);"),
    code("await displayFigure(\n  a);"),
  ];
  assertEquals(figureCells(notebook(...cells)), [cells[0], cells[2]]);
});

const data = { "application/vnd.plotly.v1+json": {}, "text/html": "a", "image/svg+xml": "b" };

for (
  const [what, cell, ...complaints] of [
    ["a result", code("a;", [{ output_type: "execute_result", data: {} }])],
    ["a declaration", code("const a = 1;")],
    ["a figure", code("displayFigure(a);", [{ output_type: "execute_result", data }])],
    ["a missing result", code("a;"), "no result"],
    [
      "an error",
      code("a;", [{ output_type: "error", ename: "TypeError", evalue: "a is not defined" }]),
      "TypeError: a is not defined",
    ],
    [
      "a figure without its image",
      code("displayFigure(a);", [
        { output_type: "execute_result", data: { ...data, "image/svg+xml": undefined } },
      ]),
      "no figure as image/svg+xml",
    ],
  ] as [string, Cell, ...string[]][]
) {
  Deno.test(`complaintsAbout() ${what}`, () => {
    const expected = complaints.map((complaint) => `cell 2 (a-01): ${complaint}`);
    assertEquals(complaintsAbout(notebook(prose, cell)), expected);
  });
}

for (
  const [source, ...found] of [
    ['import type { A } from "./a.ts";\nconst a: A = { type: "class =>" };'],
    ["// function\nconst a = b.type;"],
    ["function f() {}", "function"],
    ["const f = (a: number) => a;", "=>"],
    ["class A {}\nlet a = 1;", "class", "let"],
    ["type A = 1;\ninterface B {}\nenum C {}", "type", "interface", "enum"],
  ]
) {
  Deno.test(`definitionsIn() ${JSON.stringify(source)}`, () => {
    assertEquals(definitionsIn(notebook(code(source))), found);
  });
}

const opening =
  "const subject = await openSubject(folder);\nconst { model, texts: [text] } = subject;";

for (
  const [what, first, second, ...carried] of [
    [
      "nothing where a cell shows what it made",
      "const a = await f(subject);\ng(a);",
      "g(subject);",
    ],
    [
      "neither the subject nor its parts",
      "const last = model.layers - 1;",
      "g(subject, text, last);",
    ],
    ["no settings", "const a: Settings = { text: 1 };\nconst b = [1].at(0);", "g(a, b);"],
    ["no property of the same name", "const a = await f();", "g(b.a, { a: 1 });"],
    ["what was awaited", "const a = await f();", "g(a);", "a in a-01"],
    ["what was made of the subject", "const a = f(\n  subject,\n);", "g(a);", "a in a-01"],
    ["what was made of a part of it", "const a = f(text);", "g(a);", "a in a-01"],
    [
      "the names of a pattern",
      "const [{ a, b: [, c] }] = f(model);",
      "g(a, b, c);",
      ...["a in a-01", "c in a-01"],
    ],
  ]
) {
  Deno.test(`carriedResults() finds ${what}`, () => {
    const cells = [opening, first, second].map((source) => code(source));
    assertEquals(carriedResults(notebook(...cells)), carried);
  });
}

Deno.test("readNotebook() reads what formatNotebook() wrote and refuses what is no notebook", () =>
  withFolder(async (folder) => {
    const path = `${folder}/a.ipynb`;
    const read = async (content: string) => {
      await writeAtomically(path, content);
      return await readNotebook(path);
    };
    const whole = notebook(prose, code(["1 +\n", " 1"]));
    assertEquals(await read(formatNotebook(whole)), whole);
    const rule = `Cannot read ${path}: it must be a notebook of format 4 with a cell or more`;
    const bad = [notebook(), { ...whole, nbformat: 3 }, {
      ...whole,
      cells: [{ ...prose, source: 5 }],
    }];
    for (const each of [...bad, null]) {
      await assertRejects(() => read(JSON.stringify(each)), InputError, rule);
    }
  }));
