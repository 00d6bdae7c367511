import { type Progress, stepsOf } from "../core/mod.ts";
import { escapeHtml } from "../report/mod.ts";

/** Sends a message of the Jupyter protocol to the notebook, as `Deno.jupyter.broadcast` does. */
export type Broadcast = (type: string, content: Record<string, unknown>) => Promise<unknown>;

/** The shortest time between two drawings of a bar, in milliseconds. */
const pause = 200;

/**
 * Progress as a live bar in the output of a notebook's cell. All pieces of work share the one bar; what else is
 * said stands below it.
 *
 * @param broadcast `Deno.jupyter.broadcast`.
 * @param now The time in milliseconds.
 */
export function notebookProgress(broadcast: Broadcast, now = Date.now): Progress {
  const id = crypto.randomUUID();
  const created = now();
  let work = { label: "", total: 0 };
  let drawn: number | undefined;
  let sent: Promise<unknown> = Promise.resolve();
  // One message after the other.
  const send: Broadcast = (type, content) => sent = sent.then(() => broadcast(type, content));
  const draw = (done: number, remark = "") => {
    const type = drawn === undefined ? "display_data" : "update_display_data";
    drawn = now();
    const content = {
      data: {
        "text/html": barHtml(work.label, done, work.total, remark),
        "text/plain": `${work.label}: ${stepsOf(done, work.total)}${remark && `, ${remark}`}`,
      },
      metadata: {},
      transient: { display_id: id },
    };
    void send(type, content);
  };
  return {
    start(label, total) {
      work = { label, total };
      draw(0);
    },
    update(done, note) {
      if (now() - drawn! >= pause) draw(done, note);
    },
    finish(note) {
      const seconds = `${((now() - created) / 1000).toFixed(1)} s in all`;
      draw(work.total, note ? `${note}, ${seconds}` : seconds);
    },
    say: (message) => void send("stream", { name: "stderr", text: `${message}\n` }),
  };
}

function barHtml(label: string, done: number, total: number, remark: string): string {
  const text = escapeHtml(`${stepsOf(done, total)} ${label}${remark && `, ${remark}`}`);
  return `<div><progress value="${done}" max="${total}"></progress> <small>${text}</small></div>`;
}
