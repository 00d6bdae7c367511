import { assertThrows } from "@std/assert";
import { InputError } from "../../../lib/core/mod.ts";
import { requireFree } from "../../../tools/batch/job_queue.ts";

Deno.test("requireFree() refuses the options of a queue in each of their forms, and no other", () => {
  const own = { array: "a", wrap: "" };
  requireFree(["--arrayed", "--account=a", "-p", "-w", "wrap"], own);
  for (const option of ["--array", "--array=0-3", "-a", "-a0-3", "--wrap=x"]) {
    assertThrows(
      () => requireFree(["--time=1", option], own),
      InputError,
      "Cannot read the command line: --submit-options must leave --array, --wrap to this command, " +
        `got "${option}"`,
    );
  }
});
