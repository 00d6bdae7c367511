import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { plotPlaceholder, toPage } from "../../lib/report/mod.ts";

const page = {
  title: "Results & verdicts",
  introduction: "<p>What this is.</p>",
  plotly: "plotly.min.js",
};

Deno.test("toPage() links every section from its navigation and escapes titles", () => {
  const html = toPage({
    ...page,
    sections: [{ id: "a", title: "First < second", html: "<p>x</p>" }, {
      id: "b",
      title: "Last",
      html: "",
    }],
  });
  assertStringIncludes(html, "<title>Results &amp; verdicts</title>");
  assertStringIncludes(html, '<li><a href="#a">First &lt; second</a></li>');
  assertStringIncludes(html, '<section id="b">');
  assertStringIncludes(html, "<p>What this is.</p>");
});

Deno.test("toPage() loads nothing but the plotting script", () => {
  const html = toPage({ ...page, sections: [] });
  const sources = [...html.matchAll(/(?:src|href)="([^"#]+)"/g)].map(([, source]) => source);
  assertEquals(sources, ["plotly.min.js"]);
});

Deno.test("plotPlaceholder() keeps its picture and gives its figure back unharmed", () => {
  const figure = { data: [{ name: "</script><b>" }], light: { a: 1 }, dark: { a: 2 } };
  const html = plotPlaceholder(figure, "<svg></svg>", 'a "picture"');
  assertStringIncludes(html, 'aria-label="a &quot;picture&quot;"');
  assertStringIncludes(html, '<div class="picture"><svg></svg></div>');
  const json = html.match(/<script type="application\/json">(.*)<\/script><\/div><\/div>$/)![1];
  assert(!json.includes("<"));
  assertEquals(JSON.parse(json), figure);
});
