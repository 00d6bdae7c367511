import { assertEquals } from "@std/assert";
import { describeUnread } from "../../lib/model/unread.ts";

Deno.test("describeUnread() counts names that differ in numbers alone", () => {
  const names = ["h.0.attn.bias", "h.1.attn.bias", "h.0.experts.3.up", "h.1.experts.4.up", "w.2"];
  assertEquals(
    describeUnread(names, "a/model"),
    "The model does not use 5 tensors of a/model: h.*.attn.bias (2), h.*.experts.*.up (2), w.2.",
  );
  assertEquals(describeUnread(["w"], "a"), "The model does not use 1 tensor of a: w.");
});

Deno.test("describeUnread() lists six kinds and counts the others", () => {
  assertEquals(
    describeUnread([..."abcdefgh"], "a"),
    "The model does not use 8 tensors of a: a, b, c, d, e, f and 2 more kinds.",
  );
});
