import type { Progress } from "../core/mod.ts";
import { escapeHtml } from "../report/mod.ts";

/** Sends a message of the Jupyter protocol to the notebook, as `Deno.jupyter.broadcast` does. */
export type Broadcast = (type: string, content: Record<string, unknown>) => Promise<unknown>;

/** The shortest time between two drawings of a bar, in milliseconds. */
const pause = 200;

/**
 * Progress as a live bar in the output of a notebook's cell, one bar per piece of work.
 *
 * @param broadcast `Deno.jupyter.broadcast`.
 * @param now The time in milliseconds.
 * @example
 * ```ts ignore
 * await perplexity(model, ids, { progress: notebookProgress(Deno.jupyter.broadcast) });
 * ```
 */
export function notebookProgress(broadcast: Broadcast, now = Date.now): Progress {
  let work = { id: "", label: "", total: 0, started: 0, drawn: 0 };
  let sent: Promise<unknown> = Promise.resolve();
  const send = (type: string, done: number, remark = "") => {
    work.drawn = now();
    const content = {
      data: {
        "text/html": barHtml(work.label, done, work.total, remark),
        "text/plain": `${work.label}: ${done}/${work.total}${remark && `, ${remark}`}`,
      },
      metadata: {},
      transient: { display_id: work.id },
    };
    sent = sent.then(() => broadcast(type, content)); // one after the other
  };
  return {
    start(label, total) {
      work = { id: crypto.randomUUID(), label, total, started: now(), drawn: now() };
      send("display_data", 0);
    },
    update(done, note) {
      if (now() - work.drawn >= pause) send("update_display_data", done, note);
    },
    finish(note) {
      const seconds = `${((now() - work.started) / 1000).toFixed(1)} s`;
      send("update_display_data", work.total, note ? `${seconds}, ${note}` : seconds);
    },
  };
}

function barHtml(label: string, done: number, total: number, remark: string): string {
  const text = escapeHtml(`${done}/${total} ${label}${remark && `, ${remark}`}`);
  return `<div><progress value="${done}" max="${total}"></progress> <small>${text}</small></div>`;
}
