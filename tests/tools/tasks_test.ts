import { assertEquals, assertMatch } from "@std/assert";
import config from "../../deno.json" with { type: "json" };
import { runTool } from "./run_tool.ts";

/** The tasks that are tools of this project: what they are called, and what they may do. */
const tools = Object.entries(config.tasks).flatMap(([task, { command }]) => {
  const [, permissions, tool] = command.match(/-P=(\w+) tools\/(\w+)\.ts$/) ?? [];
  return tool ? [{ task, permissions, tool }] : [];
});

Deno.test("tasks are described and run tools with the permissions of their kind", () => {
  assertEquals(
    tools.length,
    Object.keys(config.tasks).length - 4,
    "all but endurance, test, check and ok",
  );
  for (const { permissions } of tools) assertEquals(permissions in config.permissions, true);
});

for (const { task, permissions, tool } of tools) {
  Deno.test(`deno task ${task} explains itself and names an unknown option, and does no more`, async () => {
    const [help, unknown] = await Promise.all([
      runTool(tool, permissions, "--help"),
      runTool(tool, permissions, "--no-such-option"),
    ]);
    assertMatch(help.out, new RegExp(`^Usage: ${task} \\[options\\]`));
    assertEquals([help.code, help.err], [0, ""]);
    const err = "error: unknown option '--no-such-option'";
    assertEquals(unknown, { code: 2, out: "", err });
  });
}
