import { assertEquals } from "@std/assert";
import { silent } from "../../lib/core/mod.ts";
import { findSnapshot } from "../../lib/io/hub_cache.ts";
import { downloadModel } from "../../lib/io/hub_download.ts";
import { isWholeModel } from "../../lib/io/hub_model_files.ts";
import { parseRepository } from "../../lib/io/hub_repository.ts";
import { HubServer } from "./hub_server.ts";
import { withFolder } from "./temporary_folder.ts";

const python = "python3";

/** What a program prints that imports huggingface_hub; the arguments follow it. */
async function runPython(code: string, home: string, endpoint: string): Promise<string> {
  const { success, stdout, stderr } = await new Deno.Command(python, {
    args: ["-c", `from huggingface_hub import snapshot_download\n${code}`],
    env: {
      ...{ HF_HOME: home, HF_HUB_CACHE: `${home}/hub`, HF_ENDPOINT: endpoint },
      ...{ HF_HUB_DISABLE_XET: "1", HF_HUB_OFFLINE: "0" },
    },
  }).output();
  if (!success) throw new Error(new TextDecoder().decode(stderr));
  return new TextDecoder().decode(stdout).trim();
}

const hasPackage = await runPython("", "", "").then(() => true, () => false);

const repositories = {
  "models/org/tiny": { "config.json": "{}", "model.safetensors": "x".repeat(5000), "a.txt": "" },
};

/** Runs a test with an empty home and a stand-in for the hub, where Python has huggingface_hub. */
function testWithPython(
  name: string,
  test: (home: string, server: HubServer) => Promise<void>,
): void {
  Deno.test({
    name,
    ignore: !hasPackage,
    fn: () =>
      withFolder(async (home) => {
        await using server = new HubServer(repositories);
        await test(home, server);
      }),
  });
}

const model = parseRepository("org/tiny")!;

testWithPython(
  "findSnapshot() finds what Python's huggingface_hub has brought",
  async (home, server) => {
    const download =
      'print(snapshot_download("org/tiny", allow_patterns=["*.json", "*.safetensors"]))';
    const folder = await runPython(download, home, server.url);
    const snapshot = await findSnapshot(`${home}/hub`, model);
    assertEquals(snapshot?.folder, folder);
    assertEquals(await isWholeModel(folder), true);
  },
);

testWithPython(
  "downloadModel() brings what Python's huggingface_hub finds",
  async (home, server) => {
    const hub = { endpoint: server.url, cache: `${home}/hub`, isOffline: false };
    const { folder } = await downloadModel(hub, model, { progress: silent });
    const before = server.asked.length;
    const find = 'print(snapshot_download("org/tiny", local_files_only=True))';
    assertEquals(await runPython(find, home, server.url), folder);
    assertEquals(server.asked.length, before);
  },
);
