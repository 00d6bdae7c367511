import { assertEquals, assertThrows } from "@std/assert";
import { InputError } from "../../lib/core/mod.ts";
import { ScratchFile } from "../../lib/io/mod.ts";
import { withFolder } from "./temporary_folder.ts";

const namesIn = (folder: string) => [...Deno.readDirSync(folder)].map(({ name }) => name);

Deno.test("ScratchFile gives back the bits of floats, replaced by as many or fewer", () =>
  withFolder((folder) => {
    using scratch = new ScratchFile(folder);
    const values = Float32Array.of(1, -0, NaN, Infinity, 1e-45);
    const first = scratch.put(values);
    const second = scratch.put(new Float32Array(values.buffer, 4, 2));
    assertEquals(first.read(), values);
    first.replace(Float32Array.of(7, 8));
    assertEquals([first.read(), second.read()], [Float32Array.of(7, 8), values.slice(1, 3)]);
    second.replace(Float32Array.of(3));
    assertEquals([first.read(), second.read()], [Float32Array.of(7, 8), Float32Array.of(3)]);
    first.read()[0] = 0;
    assertEquals(first.read(), Float32Array.of(7, 8));
    assertThrows(() => second.replace(values), RangeError, "there is room for 2 floats alone");
    return Promise.resolve();
  }));

Deno.test("ScratchFile leaves no file, whether it was needed or not", () =>
  withFolder((folder) => {
    for (const isNeeded of [false, true]) {
      using scratch = new ScratchFile(folder);
      if (isNeeded) scratch.put(Float32Array.of(1));
      scratch[Symbol.dispose]();
      assertEquals(namesIn(folder), []);
    }
    return Promise.resolve();
  }));

Deno.test("ScratchFile leaves a process that is killed nothing to clean up", () =>
  withFolder(async (folder) => {
    const program = `
      import { ScratchFile } from ${JSON.stringify(import.meta.resolve("../../lib/io/mod.ts"))};
      new ScratchFile(${JSON.stringify(folder)}).put(new Float32Array(10));
      Deno.kill(Deno.pid, "SIGKILL");
    `;
    const config = new URL("../../deno.json", import.meta.url).pathname;
    const command = new Deno.Command(Deno.execPath(), {
      args: ["run", "-q", "--no-lock", "--config", config, "--allow-all", "-"],
      stdin: "piped",
      stdout: "null",
      stderr: "null",
    });
    const process = command.spawn();
    const input = process.stdin.getWriter();
    await input.write(new TextEncoder().encode(program));
    await input.close();
    assertEquals((await process.status).signal, "SIGKILL");
    if (Deno.build.os !== "windows") assertEquals(namesIn(folder), []); // there it keeps its name
  }));

Deno.test("ScratchFile refuses a folder that it cannot write to, once it must", () =>
  withFolder((folder) => {
    using scratch = new ScratchFile(`${folder}/none`);
    const message = `Cannot write ${folder}/none/windows.`;
    assertThrows(() => scratch.put(Float32Array.of(1)), InputError, message);
    return Promise.resolve();
  }));
