import { assertEquals } from "@std/assert";
import { agileQ4, agileQ48, agileQ8, type SiteQuantizer } from "../../lib/methods/mod.ts";
import { tinyModels, withModel } from "../eval/tiny_models.ts";

/** One word for what is done at a site. */
function describe(quantizer: SiteQuantizer): string {
  switch (quantizer.kind) {
    case "log2":
      return `log2 ${quantizer.bits} ${quantizer.profile}`;
    case "trip":
      return `trip ${quantizer.bits} K ${quantizer.K}`;
    case "uniform":
      return `${quantizer.signed ? "int" : "uint"}${quantizer.bits} per ${quantizer.granularity}`;
  }
}

const [trip, log2] = ["trip 8 K 3", "log2 4 released"];
const [perChannel, perHead] = ["int8 per channel", "int8 per head"];

for (const name of tinyModels) {
  Deno.test(`agileQ8() quantizes the sites of figure 3: ${name}`, () =>
    withModel(name, ({ architecture }) => {
      const described = (profile: "paper" | "released") => {
        const scheme = agileQ8(profile, architecture);
        assertEquals(scheme.profile, profile);
        const sites = Object.entries(scheme.sites);
        return Object.fromEntries(sites.map(([site, quantizer]) => [site, describe(quantizer)]));
      };
      assertEquals(described("paper"), {
        "attn.input": trip,
        "attn.q": trip,
        "attn.k": trip,
        "attn.v": trip,
        "attn.probs": log2,
        "attn.output": "uint8 per tensor",
        "mlp.input": trip,
        "mlp.hidden": trip,
      });
      const rotation = name === "llama" ? "BeforeRotary" : "";
      assertEquals(described("released"), {
        "attn.input": perChannel,
        [`attn.q${rotation}`]: perHead,
        [`attn.k${rotation}`]: perHead,
        "attn.v": perHead,
        "attn.probs": log2,
        "attn.output": perChannel,
        "mlp.input": perChannel,
        "mlp.hidden": perChannel,
      });
      const printed = agileQ8("paper", architecture, "paper").sites["attn.probs"]!;
      assertEquals(describe(printed), "log2 4 paper");
    }));
}

const later = ["attn.output", "mlp.input", "mlp.hidden"];

for (const name of tinyModels) {
  Deno.test(`agileQ4() and agileQ48() take four bits after the softmax: ${name}`, () =>
    withModel(name, ({ architecture }) => {
      for (const profile of ["paper", "released"] as const) {
        const eight = agileQ8(profile, architecture);
        const four = agileQ4(profile, architecture);
        const sites = Object.entries(eight.sites).map(([site, quantizer]) => [
          site,
          later.includes(site) ? { ...quantizer, bits: 4 } : quantizer,
        ]);
        assertEquals(four, { profile, sites: Object.fromEntries(sites) });
        const { lower, ...others } = agileQ48(profile, architecture, 0.25);
        assertEquals(others, eight);
        const least = Object.fromEntries(sites.filter(([site]) => later.includes(site as string)));
        const calibratedOn = profile === "released" ? "all" : "these";
        assertEquals(lower, { share: 0.25, inherited: false, calibratedOn, sites: least });
        const shares = [0, 0.5, 0.1];
        assertEquals(agileQ48(profile, architecture, shares, true).lower, {
          ...{ share: shares, inherited: true, calibratedOn, sites: least },
        });
      }
    }));
}
