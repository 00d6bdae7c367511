import { assertEquals } from "@std/assert";
import { planAt } from "../../../experiments/figures/depths.ts";

Deno.test("planAt() counts layers by their depth, each once", () => {
  const plan = { beta: 0.5, depths: [0.25, 0.5, 0.75], positions: "keep" } as const;
  const rest = { beta: 0.5, positions: "keep" } as const;
  assertEquals(planAt(plan, { layers: 30 }), { ...rest, layers: [7, 15, 22] });
  assertEquals(planAt(plan, { layers: 4 }), { ...rest, layers: [1, 2, 3] });
  assertEquals(planAt(plan, { layers: 2 }), { ...rest, layers: [0, 1] });
});
