import { readGolden } from "../golden/read_golden.ts";
import { assertFloatsClose } from "../tensor/compare.ts";
import { runReference } from "./reference_decoder.ts";
import { referenceFamily } from "./reference_families.ts";
import { ReferenceWeights } from "./reference_weights.ts";

const golden = new URL("../golden/hf/", import.meta.url).pathname;

// The official LLaMA rounds its norms and angles to float32 on the way.
for (const [name, tolerance] of [["llama", 5e-6], ["opt-pre", 1e-6], ["bloom", 1e-6]] as const) {
  Deno.test(`runReference() agrees with the official code in float64: ${name}`, () => {
    const { tensors } = readGolden(`hf/${name}/goldens.safetensors`);
    const family = referenceFamily(new ReferenceWeights(golden + name));
    for (const tag of ["len1", "len96"]) {
      const ids = Array.from(tensors.get(`${tag}.input_ids`)!.data);
      const { tokens } = runReference(family, ids);
      const logits = tokens.flatMap(({ hidden }) => family.logits(hidden));
      assertFloatsClose(logits, tensors.get(`${tag}.logits`)!.data, tolerance);
    }
  });
}
