import { assertEquals } from "@std/assert";
import { clipGroups, searchAwqClip } from "../../lib/methods/awq_clip.ts";
import { assertSameNumbers } from "../quant/support.ts";
import { golden, weightOf } from "./awq_support.ts";

Deno.test("searchAwqClip() equals the reference", () => {
  const { shape, floats } = golden("awq/awq.safetensors");
  const [rows, columns] = shape("clip.weight");
  for (const groupSize of [32, 128]) {
    const weight = weightOf(floats("clip.weight"), rows, columns, groupSize);
    const limits = searchAwqClip(weight, floats("clip.x"));
    assertSameNumbers(limits, floats(`clip.g${groupSize}.limit`), `limits of ${groupSize}`);
  }
});

Deno.test("searchAwqClip() keeps what no clipping betters, and clips what spoils the grid of the others", () => {
  const weight = weightOf([0, 15, -15, 0, 1, 0], 2, 3, 2); // a row's last group has one column
  assertEquals(
    searchAwqClip(weight, Float32Array.of(1, 2, 3)),
    Float32Array.of(15, 15, 1, 0),
  );
  const unused = Float32Array.of(0, 0, 1, 0); // the input of the larger weight is always 0
  assertEquals(searchAwqClip(weightOf([1, 20], 1, 2, 2), unused), Float32Array.of(16));
});

Deno.test("clipGroups() clips each group to its own limit", () => {
  const weight = weightOf([1, -2, 3, -4, 5, -6], 2, 3, 2);
  assertEquals(
    clipGroups(weight, Float32Array.of(1.5, 9, 4.5, 0)),
    Float32Array.of(1, -1.5, 3, -4, 4.5, 0),
  );
});
