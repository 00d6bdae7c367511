import { assertEquals } from "@std/assert";
import { environment, granted } from "../../lib/tensor/environment.ts";

const [permitted, other] = ["AGILE_QUANT_TEST_OF_ENVIRONMENT", "AGILE_QUANT_OTHER_VARIABLE"];
Deno.env.set(permitted, "yes");

Deno.test("environment() gives a variable, and undefined where it is not set", () => {
  assertEquals(environment(permitted), "yes");
  assertEquals(environment(other), undefined);
});

Deno.test({
  name: "environment() gives undefined, and asks nobody, where reading is not permitted",
  permissions: { env: false },
  fn: () => assertEquals(environment(permitted), undefined),
});

Deno.test({
  name: "granted() looks at the very variable",
  permissions: { env: [permitted] },
  fn() {
    assertEquals(granted({ name: "env", variable: permitted }), true);
    assertEquals(granted({ name: "env", variable: other }), false);
    assertEquals(granted({ name: "env" }), false);
    assertEquals([environment(permitted), environment(other)], ["yes", undefined]);
  },
});

Deno.test({
  name: "granted() tells one kind of permission from another",
  permissions: { read: true, ffi: false },
  fn() {
    assertEquals(granted({ name: "read" }), true);
    assertEquals(granted({ name: "ffi" }), false);
  },
});
