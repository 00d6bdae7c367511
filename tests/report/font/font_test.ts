import { assert, assertEquals } from "@std/assert";
import { textWidth } from "../../../lib/report/font/text_width.ts";
import { fontFaces, fontsReady, withFonts } from "../../../lib/report/mod.ts";
import { browserTest } from "../../browser.ts";

Deno.test("withFonts() puts the fonts first into an image and changes nothing else", () => {
  const svg = withFonts('<svg class="a" width="1"><text>b</text></svg>');
  const [before, after] = svg.split(`<style>${fontFaces}</style>`);
  assertEquals([before, after], ['<svg class="a" width="1">', "<text>b</text></svg>"]);
});

browserTest("textWidth() is how wide a browser draws Arimo's signs", async (browser) => {
  const page = await browser.newPage();
  await page.setContent(`<style>${fontFaces}</style>`);
  await page.evaluate(fontsReady);
  const signs = Array.from(
    { length: 0x7f - 0x20 },
    (_, index) => String.fromCharCode(0x20 + index),
  );
  signs.push(..."·×–±²³µé");
  for (const bold of [false, true]) {
    const drawn = await page.evaluate<number[]>(`(() => {
      const context = document.createElement("canvas").getContext("2d");
      context.font = "${bold ? "bold " : ""}100px Arimo";
      return ${JSON.stringify(signs)}.map((sign) => context.measureText(sign).width);
    })()`);
    const measured = signs.map((sign) => textWidth(sign, 100, bold));
    const off = signs.filter((_, index) => Math.abs(drawn[index] - measured[index]) > 0.1);
    assertEquals(off, [], bold ? "bold" : "regular");
  }
});

browserTest("withFonts() lets an image alone draw in Arimo", async (browser) => {
  const page = await browser.newPage();
  const image = async (svg: string) => {
    const source = `data:image/svg+xml;base64,${new TextEncoder().encode(svg).toBase64()}`;
    await page.setContent(`<img src="${source}">`);
    await page.waitForFunction("document.images[0].complete");
    return (await page.locator("img").screenshot()).toString("base64");
  };
  const svg = (family: string) =>
    `<svg xmlns="http://www.w3.org/2000/svg" width="200" height="40">` +
    `<text x="5" y="30" style="font: 20px ${family}">figures of Wi</text></svg>`;
  const fallback = await image(svg("Arimo, monospace"));
  assert(await image(withFonts(svg("Arimo, monospace"))) !== fallback, "drawn in another font");
});
