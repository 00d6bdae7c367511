import { assertEquals } from "@std/assert";
import { toLatex } from "../../lib/report/mod.ts";
import { example } from "./example_table.ts";

Deno.test("toLatex() writes a booktabs table", () => {
  assertEquals(
    toLatex(example),
    String.raw`\begin{table}
  \centering
  \caption{Perplexity of a\_b \& c}
  \begin{tabular}{lrrlr}
    \toprule
    method       & bits &                         PPL & order\textbar{}sign          &       C4 \\
    \midrule
    FP16         &   16 &                        5.68 & yes                          &          \\
    GPTQ, "g128" &    4 &        12.34 [11.90, 12.80] &                              & $\infty$ \\
    {}[x]          &    4 & 1.20e+7 [1.10e+7, $\infty$] & \textless{} no\textgreater{} &     -0.5 \\
    \bottomrule
  \end{tabular}
  \par\smallskip{\footnotesize Windows of 2048 tokens, 95 \% intervals.\par}
  \par\smallskip{\footnotesize Cost: \$0 \textasciitilde{} \{none\}.\par}
\end{table}
`,
  );
});

Deno.test("toLatex() writes signs that are no ASCII as commands", () => {
  const lines = toLatex({ title: "1–2", columns: ["µJ"], rows: [[Infinity]] }).split("\n");
  assertEquals([lines[2], lines[5].trim(), lines[7].trim()], [
    "  \\caption{1--2}",
    "$\\mu$J \\\\",
    "$\\infty$ \\\\",
  ]);
});

Deno.test("toLatex() escapes each special sign once", () => {
  const caption = toLatex({ title: "\\ # ^ _ & % { }", columns: ["x"], rows: [] }).split("\n")[2];
  assertEquals(
    caption,
    String.raw`  \caption{\textbackslash{} \# \textasciicircum{} \_ \& \% \{ \}}`,
  );
});
