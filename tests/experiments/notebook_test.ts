import { assert, assertEquals, assertRejects } from "@std/assert";
import { openSubject } from "../../experiments/notebook.ts";
import { InputError } from "../../lib/core/mod.ts";
import { generateEncyclopedia } from "../../lib/corpus/mod.ts";
import { scoreWindows } from "../../lib/eval/mod.ts";
import { tf } from "../../lib/tensor/mod.ts";
import { withFolder } from "../io/temporary_folder.ts";
import { changeConfig } from "../model/saved_model.ts";
import { tinyArchitecture, writeTinyModel } from "./measure/tiny_folder.ts";

Deno.test("openSubject() makes the subject before refuse to run, also where the next cannot be loaded", () =>
  withFolder(async (folder) => {
    await writeTinyModel(`${folder}/one`);
    const first = await openSubject(`${folder}/one`, { window: 64, windows: 2 });
    assertEquals(first.testWindows.length, 2);
    assertEquals(first.facts.windows, 2);
    const tensors = tf.memory().numTensors;
    const second = await openSubject(`${folder}/one`, { window: 64 });
    assertEquals(tf.memory().numTensors, tensors);
    assert(second.testWindows.length > 2);
    await scoreWindows(second.model, second.testWindows.slice(0, 1));
    assertEquals(tf.memory().numTensors, tensors);

    await assertRejects(() => openSubject(`${folder}/none`), InputError, `${folder}/none`);
    for (const { model, testWindows: [window] } of [first, second]) {
      const message = "Cannot run one: no other may have been opened after it: open it again";
      await assertRejects(() => scoreWindows(model, [window]), InputError, message);
    }
  }));

Deno.test("openSubject() warns below the cell of what is doubtful, such as what the model does not use", () =>
  withFolder(async (folder) => {
    await writeTinyModel(folder, { ...tinyArchitecture, layers: 2 });
    await changeConfig(folder, { num_hidden_layers: 1 });
    const { warn } = console;
    const warned: string[] = [];
    console.warn = (line: string) => warned.push(line);
    try {
      const { warnings } = await openSubject(folder, { window: 64, windows: 2 });
      assertEquals(warned, warnings.map((each) => `Warning: ${each}`));
      assertEquals(warned.length, 3); // the block, the end of its weights, and the few windows
    } finally {
      console.warn = warn;
    }
  }));

Deno.test("openSubject() tests and calibrates a model on texts of its own", () =>
  withFolder(async (folder) => {
    await writeTinyModel(folder);
    const [text, calibration] = ["test.txt", "valid.txt"].map((name) => `${folder}/${name}`);
    for (const [index, path] of [text, calibration].entries()) {
      const written = generateEncyclopedia({ seed: 10 + index, characters: 20_000 });
      await Deno.writeTextFile(path, written.text);
    }
    const subject = await openSubject({ path: folder, text, calibration }, { window: 64 });
    assertEquals(subject.test.label, "test.txt");
    assertEquals(subject.calibration!.label, "valid.txt");
    const [first] = subject.testWindows;
    const read = (await Deno.readTextFile(text)).slice(0, 40);
    assert(subject.tokenizer.decode([...first.subarray(1)]).startsWith(read));
  }));

Deno.test("openSubject() refuses a model without tokenizer, which notebooks show words of", () =>
  withFolder(async (folder) => {
    await writeTinyModel(folder);
    await Deno.remove(`${folder}/tokenizer.json`);
    const ids = `${folder}/ids.json`;
    await Deno.writeTextFile(ids, JSON.stringify(Array.from({ length: 400 }, (_, at) => at % 300)));
    const source = { path: folder, text: ids, calibration: ids };
    const rule = "a notebook's model needs a tokenizer";
    await assertRejects(() => openSubject(source, { window: 64 }), InputError, rule);
  }));
