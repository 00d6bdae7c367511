import { assertEquals, assertRejects } from "@std/assert";
import { InputError } from "../../lib/core/mod.ts";
import { openPieces } from "../../lib/io/file_pieces.ts";
import { readTorchLegacy } from "../../lib/io/torch_legacy.ts";
import { joined } from "../../tools/fuzz/mutations.ts";
import {
  legacyStart,
  littleEndian,
  pickle,
  pickledTensor,
  torchLegacy,
} from "../../tools/fuzz/torch_samples.ts";
import { withFolder } from "./temporary_folder.ts";

const { dict, int, list, of, text } = pickle;

const tensor = (key: string, count: number) =>
  pickledTensor({ storage: "HalfStorage", key, count });
const state = of(dict(["a", tensor("1", 2)], ["b", tensor("2", 1)]));
const storages = { "2": Uint8Array.of(5, 6), "1": Uint8Array.of(1, 2, 3, 4) };

async function refuses(bytes: Uint8Array, rule: string): Promise<void> {
  await withFolder(async (folder) => {
    const path = `${folder}/a.bin`;
    await Deno.writeFile(path, bytes);
    const pieces = await openPieces(path);
    const message = `Cannot read ${path}: ${rule}`;
    await assertRejects(() => readTorchLegacy(pieces), InputError, message);
  });
}

Deno.test("readTorchLegacy() finds tensors, and storages in the order of their list", () =>
  withFolder(async (folder) => {
    const path = `${folder}/a.bin`;
    await Deno.writeFile(path, torchLegacy(state, storages, 2));
    const pieces = await openPieces(path);
    const { tensors, places } = await readTorchLegacy(pieces);
    assertEquals([...tensors.keys()], ["a", "b"]);
    for (const [key, bytes] of Object.entries(storages)) {
      assertEquals(await pieces.read(places.get(key)!, bytes.length, "read"), bytes);
    }
  }));

Deno.test("readTorchLegacy() refuses another start", async () => {
  const magic = legacyStart.subarray(0, 15);
  const machine = (little: number) => dict(["little_endian", Uint8Array.of(little)]);
  await refuses(of(int(5)), "its first pickle must be the magic number of torch.save");
  await refuses(
    joined(magic, of(int(1000))),
    'its second pickle must be the protocol, 1001, got "1000"',
  );
  const third = "its third pickle must be of a machine that is little_endian";
  await refuses(joined(magic, of(int(1001)), of(machine(0x89))), third);
  await refuses(joined(magic, of(int(1001)), of(list())), third);
  await refuses(
    joined(legacyStart, state, of(int(1))),
    'its fifth pickle must be the list of storages, got "1"',
  );
  await refuses(legacyStart, "its pickle must not break off");
});

Deno.test("readTorchLegacy() refuses storages that are not those of the tensors", async () => {
  const once = "its storages must be those of its tensors, once, got";
  const { "1": one, "2": two } = storages;
  await refuses(torchLegacy(state, { "3": one, ...storages }, 2), `${once} "3"`);
  const keys = (...names: string[]) => joined(legacyStart, state, of(list(...names.map(text))));
  const [first, second] = [joined(littleEndian([2, 8]), one), joined(littleEndian([1, 8]), two)];
  await refuses(joined(keys("1", "1"), first, first), `${once} "1"`);
  await refuses(joined(keys("1"), first), 'its storages must be those of its tensors, got "2"');
  const wrong = joined(keys("2", "1"), littleEndian([2, 8]), two, first);
  await refuses(wrong, "storage 2 must have the 1 element of its tensors, got 2");
  const whole = joined(keys("2", "1"), second, first);
  const end = `the file must end with its storages, at byte ${whole.length}, got ${
    whole.length + 1
  }`;
  await refuses(joined(whole, Uint8Array.of(0)), end);
  const short = `storage 1 must end within the file's ${
    whole.length - 1
  } bytes, got ${whole.length}`;
  await refuses(whole.slice(0, -1), short);
});
