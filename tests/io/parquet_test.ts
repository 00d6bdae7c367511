import { assertEquals, assertRejects } from "@std/assert";
import { InputError } from "../../lib/core/mod.ts";
import { readParquet } from "../../lib/io/parquet.ts";
import { joinRows } from "../../lib/io/rows.ts";
import { withFolder } from "./temporary_folder.ts";

/** Written by pyarrow 26.0.1 with `row_group_size` 30. */
const parquets = "tests/golden/parquet";
const texts = [
  "",
  " = Heading = \n",
  "Zürich, 東京 \n",
  ...new Array(40).fill("the same line \n"),
  "",
];

for (const compression of ["snappy", "none"]) {
  Deno.test(`readParquet() reads what pyarrow has written with compression ${compression}`, async () => {
    const path = `${parquets}/texts.${compression}.parquet`;
    const rows = await readParquet(path);
    assertEquals(Array.from(texts, (_, index) => rows.text(index)), texts);
    assertEquals(rows.length, texts.length);
    const first = await readParquet(path, { limit: 31 });
    assertEquals([first.length, joinRows(first, "", path)], [31, texts.slice(0, 31).join("")]);
    assertEquals((await readParquet(path, { limit: 1000 })).length, texts.length);
  });
}

Deno.test("readParquet() knows a column of sentences", async () => {
  assertEquals(joinRows(await readParquet(`${parquets}/sentence.parquet`), "|", "a"), "a b c|d");
});

for (
  const [name, column, message] of [
    ["null", undefined, "row 1 must have a text in text"],
    ["texts.none", "id", "row 0 must have a text in id"],
    ["sentence", "text", 'it must have a column text, got ["sentence"]'],
    [
      "zstd",
      undefined,
      'it must be a Parquet file, plain or with Snappy, got "parquet unsupported compression codec: ZSTD"',
    ],
  ] as const
) {
  Deno.test(`readParquet() refuses column ${column} of ${name}.parquet`, async () => {
    const path = `${parquets}/${name}.parquet`;
    const reading = () => readParquet(path, { column });
    await assertRejects(reading, InputError, `Cannot read ${path}: ${message}`);
  });
}

Deno.test("readParquet() refuses a file with fewer rows than it says", () =>
  withFolder(async (folder) => {
    const path = `${folder}/a.parquet`;
    const bytes = await Deno.readFile(`${parquets}/sentence.parquet`);
    const place = bytes.findIndex((byte, index) => byte === 0x16 && bytes[index + 1] === 4);
    bytes[place + 1] = 6; // num_rows of the file: zigzag of 3
    await Deno.writeFile(path, bytes);
    const message = `Cannot read ${path}: it must have 3 rows, got 2`;
    await assertRejects(() => readParquet(path), InputError, message);
  }));

Deno.test("readParquet() refuses what is no Parquet file", () =>
  withFolder(async (folder) => {
    const path = `${folder}/a.parquet`;
    await assertRejects(
      () => readParquet(path),
      InputError,
      `Cannot read ${path}: the file must exist`,
    );
    for (const text of ["", "PAR1", "something else that is long enough"]) {
      await Deno.writeTextFile(path, text);
      const message = `Cannot read ${path}: it must be a Parquet file, plain or with Snappy, got "`;
      await assertRejects(() => readParquet(path), InputError, message);
    }
  }));
