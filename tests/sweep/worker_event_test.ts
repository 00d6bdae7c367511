import { assertEquals } from "@std/assert";
import { encodeJson } from "../../lib/core/mod.ts";
import { readEvent } from "../../lib/sweep/worker_event.ts";

Deno.test("readEvent() reads progress, warnings, and what became of the cell that was asked for", () => {
  for (
    const event of [
      { event: "start", label: "windows", total: 63 },
      { event: "update", done: 2.5, note: "loss 3" },
      { event: "finish" },
      { event: "say", message: "a remark" },
      { event: "warning", text: "the disk is full" },
      { event: "result", id: "a", result: { perplexity: Infinity, losses: [NaN, 1e-300] } },
      { event: "refusal", id: "a", problems: ["too short"] },
      { event: "defect", id: "a", name: "TypeError", message: "no scale", stack: "at f" },
    ]
  ) assertEquals<unknown>(readEvent(encodeJson(event), "a"), event);
});

for (
  const line of [
    "",
    "onednn_verbose,info,oneDNN v3.1.1",
    "null",
    "3",
    "[]",
    "{}",
    '{"event":"toString"}',
    '{"event":"result","id":"b","result":1}',
    '{"event":"result","result":1}',
    '{"event":"result","id":"a","resul',
    '{"event":"start","total":3}',
    '{"event":"update","done":"3"}',
    '{"event":"say"}',
    '{"event":"warning"}',
    '{"event":"refusal","id":"a"}',
    '{"event":"refusal","id":"a","problems":[null]}',
    '{"event":"defect","id":"a","name":"TypeError"}',
  ]
) {
  Deno.test(`readEvent() finds none about this cell in ${line || "an empty line"}`, () => {
    assertEquals(readEvent(line, "a"), undefined);
  });
}
