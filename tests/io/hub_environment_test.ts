import { assertEquals, assertRejects, assertThrows } from "@std/assert";
import { InputError } from "../../lib/core/mod.ts";
import { hubOfEnvironment, hubToken } from "../../lib/io/hub_environment.ts";
import { withFolder } from "./temporary_folder.ts";

const names = [
  ...["HF_ENDPOINT", "HF_HOME", "HF_HUB_CACHE", "HF_HUB_OFFLINE", "HF_TOKEN", "HF_TOKEN_PATH"],
  ...["HOME", "INIT_CWD", "USERPROFILE", "XDG_CACHE_HOME"],
];

/** What some work gives where the environment has these variables alone, of those that count. */
async function inEnvironment<Result>(
  variables: Record<string, string>,
  work: () => Result | Promise<Result>,
): Promise<Result> {
  const before = names.map((name) => [name, Deno.env.get(name)] as const);
  names.forEach((name) => Deno.env.delete(name));
  for (const [name, value] of Object.entries(variables)) Deno.env.set(name, value);
  try {
    return await work();
  } finally {
    names.forEach((name) => Deno.env.delete(name));
    for (const [name, value] of before) if (value !== undefined) Deno.env.set(name, value);
  }
}

const hugging = "https://huggingface.co";

for (
  const [variables, cache] of [
    [{ HOME: "/me" }, "/me/.cache/huggingface/hub"],
    [{ USERPROFILE: "/me" }, "/me/.cache/huggingface/hub"],
    [{ HOME: "/me", XDG_CACHE_HOME: "/caches" }, "/caches/huggingface/hub"],
    [{ HOME: "/me", XDG_CACHE_HOME: "/caches", HF_HOME: "/hf" }, "/hf/hub"],
    [{ HOME: "/me", HF_HOME: "~/hf" }, "/me/hf/hub"],
    [{ HF_HOME: "/hf", HF_HUB_CACHE: "/models" }, "/models"],
    [{ HF_HOME: "/hf", HF_HUB_CACHE: "" }, "/hf/hub"],
    [{ HF_HOME: "hf", INIT_CWD: "/elsewhere" }, "/elsewhere/hf/hub"],
    [{ HF_HUB_CACHE: "../models", INIT_CWD: "/elsewhere" }, "/models"],
  ] as const
) {
  Deno.test(`hubOfEnvironment() looks in ${cache} with ${JSON.stringify(variables)}`, async () => {
    const hub = await inEnvironment(variables, hubOfEnvironment);
    assertEquals(hub, { endpoint: hugging, cache, isOffline: false });
  });
}

Deno.test("hubOfEnvironment() knows another endpoint and whether it may be asked", async () => {
  const of = (variables: Record<string, string>) =>
    inEnvironment({ HF_HOME: "/hf", ...variables }, hubOfEnvironment);
  assertEquals(
    (await of({ HF_ENDPOINT: "http://mirror:8080/hub//" })).endpoint,
    "http://mirror:8080/hub",
  );
  for (
    const [value, isOffline] of [["1", true], ["true", true], ["YES", true], ["0", false], [
      "",
      false,
    ]] as const
  ) {
    assertEquals((await of({ HF_HUB_OFFLINE: value })).isOffline, isOffline);
  }
});

Deno.test("hubOfEnvironment() refuses what is no address, and to be without a home", async () => {
  for (const value of ["huggingface.co", "ftp://a", "https://"]) {
    await inEnvironment({ HF_HOME: "/hf", HF_ENDPOINT: value }, () => {
      const message = `Cannot reach the hub: HF_ENDPOINT must be an http address, got "`;
      assertThrows(hubOfEnvironment, InputError, message);
    });
  }
  await inEnvironment({}, () => {
    const message = "Cannot find the hub's cache: HF_HOME or HOME must be set";
    assertThrows(hubOfEnvironment, InputError, message);
  });
});

Deno.test("hubToken() is HF_TOKEN, or what a login has left", () =>
  withFolder(async (folder) => {
    const token = (variables: Record<string, string>) =>
      inEnvironment({ HF_HOME: folder, ...variables }, hubToken);
    assertEquals(await token({}), undefined);
    await Deno.writeTextFile(`${folder}/token`, "hf_file\n");
    await Deno.writeTextFile(`${folder}/other`, "hf_other");
    assertEquals(await token({}), "hf_file");
    assertEquals(await token({ HF_TOKEN: " hf_variable " }), "hf_variable");
    assertEquals(await token({ HF_TOKEN_PATH: `${folder}/other` }), "hf_other");
  }));

Deno.test("hubToken() refuses what is no token, and does not show it", async () => {
  const error = await inEnvironment({ HF_HOME: "/hf", HF_TOKEN: "two words" }, () => (
    assertRejects(hubToken, InputError)
  ));
  assertEquals(error.message, "Cannot reach the hub: HF_TOKEN must be one word in ASCII");
});
