import { assertEquals, assertRejects } from "@std/assert";
import { InputError } from "../../lib/core/mod.ts";
import { openPieces } from "../../lib/io/file_pieces.ts";
import { readTorchArchive } from "../../lib/io/torch_archive.ts";
import { joined } from "../../tools/fuzz/mutations.ts";
import { pickle, pickledTensor, zipBytes } from "../../tools/fuzz/torch_samples.ts";
import { withFolder } from "./temporary_folder.ts";

const tensor = pickledTensor({ storage: "HalfStorage", key: "7", count: 2 });
const entries = {
  "x/data.pkl": pickle.of(pickle.dict(["w", tensor])),
  "x/data/7": Uint8Array.of(1, 2, 3, 4),
};

const archive = (files: Record<string, Uint8Array>) =>
  zipBytes(Object.entries(files).map(([name, bytes]) => ({ name, bytes })));

async function refuses(files: Record<string, Uint8Array>, rule: string): Promise<void> {
  await withFolder(async (folder) => {
    const path = `${folder}/a.bin`;
    await Deno.writeFile(path, archive(files));
    const pieces = await openPieces(path);
    const message = `Cannot read ${path}: ${rule}`;
    await assertRejects(() => readTorchArchive(pieces), InputError, message);
  });
}

const order = (text: string) => new TextEncoder().encode(text);

Deno.test("readTorchArchive() finds tensors and where their storages lie", () =>
  withFolder(async (folder) => {
    const path = `${folder}/a.bin`;
    const others: Record<string, Uint8Array>[] = [{}, {
      "x/byteorder": order("little"),
      "x/version": order("3\n"),
    }];
    for (const more of others) {
      await Deno.writeFile(path, archive({ ...entries, ...more }));
      const pieces = await openPieces(path);
      const { tensors, places } = await readTorchArchive(pieces);
      assertEquals([...tensors.keys()], ["w"]);
      assertEquals(await pieces.read(places.get("7")!, 4, "read"), entries["x/data/7"]);
    }
  }));

Deno.test("readTorchArchive() refuses an archive without its parts", async () => {
  const once = "its archive must have FOLDER/data.pkl once, got";
  await refuses({}, `${once} []`);
  await refuses({ "data.pkl": entries["x/data.pkl"] }, `${once} []`);
  const two = { ...entries, "y/data.pkl": entries["x/data.pkl"] };
  await refuses(two, `${once} ["x/data.pkl","y/data.pkl"]`);
  await refuses({ "x/data.pkl": entries["x/data.pkl"] }, "its archive must have x/data/7");
});

Deno.test("readTorchArchive() refuses storages of another size, and big-endian numbers", async () => {
  for (const length of [3, 5]) {
    const files = { ...entries, "x/data/7": new Uint8Array(length) };
    await refuses(files, `x/data/7 must have the 4 bytes of its storage, got ${length}`);
  }
  const big = { ...entries, "x/byteorder": order("big") };
  await refuses(big, 'its byte order must be little, got "big"');
});

Deno.test("readTorchArchive() refuses a data.pkl of more than its pickle", async () => {
  const pkl = entries["x/data.pkl"];
  const longer = joined(pkl, Uint8Array.of(0));
  const rule = `its data.pkl must end with its pickle, at byte ${pkl.length}, got ${
    pkl.length + 1
  }`;
  await refuses({ ...entries, "x/data.pkl": longer }, rule);
  const most = 2 ** 24;
  const huge = { ...entries, "x/data.pkl": new Uint8Array(most + 1) };
  await refuses(huge, `its data.pkl must have at most ${most} bytes, got ${most + 1}`);
});
