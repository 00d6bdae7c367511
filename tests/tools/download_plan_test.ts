import { assertEquals } from "@std/assert";
import type { WantedFile } from "../../lib/io/mod.ts";
import { describePlans } from "../../tools/download_plan.ts";

const commit = "0123456789abcdef0123456789abcdef01234567";

const wanted = (path: string, size: number, there: number): WantedFile => ({
  file: { path, size, hash: path },
  place: { blob: `blobs/${path}`, lock: "" },
  ...{ there, isLinked: there === size },
});

Deno.test("describePlans() says what is there and what would come, each content once", () => {
  const files = [
    wanted("config.json", 612, 612),
    wanted("model.safetensors", 1_234_567, 1000),
    wanted("vocab.json", 20, 0),
  ];
  const again = wanted("vocab.json", 20, 0);
  const plans = [["org/a", { commit, files }], ["org/b", { commit, files: [again] }]] as const;
  assertEquals(describePlans(plans).split("\n"), [
    "org/a at 0123456789ab:",
    "  config.json              612 bytes  in the cache",
    "  model.safetensors  1,234,567 bytes  to download, but for 1,000 in the cache",
    "  vocab.json                20 bytes  to download",
    "org/b at 0123456789ab:",
    "  vocab.json                20 bytes  as above",
    "1,233,587 bytes to download",
  ]);
});
