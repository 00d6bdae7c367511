import { assert } from "@std/assert";
import { type Browser, chromium } from "playwright-core";

/** Where a browser that Playwright can drive is installed, if any. */
function installedBrowser(): string | undefined {
  const names = ["chromium", "chromium-browser", "google-chrome"];
  return (Deno.env.get("PATH") ?? "").split(":")
    .flatMap((folder) => names.map((name) => `${folder}/${name}`))
    .find((path) => {
      try {
        return Deno.statSync(path).isFile;
      } catch {
        return false;
      }
    });
}

const path = installedBrowser();

/** A test in a browser, ignored where there is none. */
export function browserTest(name: string, check: (browser: Browser) => Promise<void>): void {
  const needed = "Chromium (Debian: apt install chromium)";
  if (!path && Deno.env.get("CI") !== "true") {
    Deno.test.ignore(`${name}: ignored, needs ${needed}`, () => {});
    return;
  }
  Deno.test(name, async () => {
    assert(path, `${needed} must be installed`);
    const browser = await chromium.launch({ executablePath: path, args: ["--no-sandbox"] });
    try {
      await check(browser);
    } finally {
      await browser.close();
    }
  });
}
