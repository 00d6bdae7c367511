import { assertEquals } from "@std/assert";
import { sha256, shortDigest } from "../../lib/core/mod.ts";

// Expected digests: hashlib.sha256 of Python 3.11.

Deno.test("sha256() of nothing", async () => {
  const digest = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
  assertEquals(await sha256(""), digest);
  assertEquals(await sha256(new Uint8Array()), digest);
});

Deno.test("sha256() takes text as UTF-8", async () => {
  const digest = "d353a2671b67afff0941ae456e5c76e9394bd6579774ae7542a6185fb9843384";
  assertEquals(await sha256("größe"), digest);
  assertEquals(await sha256(new TextEncoder().encode("größe")), digest);
});

Deno.test("sha256() of a view hashes the view alone", async () => {
  const whole = new TextEncoder().encode("--größe--");
  assertEquals(await sha256(whole.subarray(2, -2)), await sha256("größe"));
});

Deno.test("shortDigest() is the first twelve digits", async () => {
  assertEquals(shortDigest(await sha256("")), "e3b0c44298fc");
});
