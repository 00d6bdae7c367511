/** The part of npm:cli-progress that is used here; the package ships no types. */
declare const cliProgress: {
  SingleBar: new (options: {
    /** The bar, with `{bar}`, `{value}`, `{total}`, `{eta_formatted}` and payload names filled in. */
    format: string;
    stream: OutputStream;
    /** Whether to stop the bar on SIGINT. */
    gracefulExit: boolean;
  }) => SingleBar;
};
export default cliProgress;

/** A terminal to draw on. */
export interface OutputStream {
  isTTY?: boolean;
  columns?: number;
  write(text: string): unknown;
}

/** One bar; `payload` fills in the names of the format. */
export interface SingleBar {
  start(total: number, value: number, payload: Record<string, string>): void;
  update(value: number, payload?: Record<string, string>): void;
  update(payload: Record<string, string>): void;
  stop(): void;
}
