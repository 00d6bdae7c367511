/** The part of npm:cli-progress that is used here; the package ships no types. */
declare const cliProgress: {
  SingleBar: new (options: {
    /** The line to draw; `eta` is seconds, or a word where they are not known. */
    format(
      options: unknown,
      state: {
        progress: number;
        value: number;
        total: number;
        eta: number | string;
        maxWidth: number;
      },
      payload: Record<string, string>,
    ): string;
    /** How many updates the time left is estimated from. */
    etaBuffer: number;
    terminal: BarTerminal;
    /** Whether to stop the bar on SIGINT. */
    gracefulExit: boolean;
    /** Whether to draw a line again that has not changed. */
    forceRedraw: boolean;
  }) => SingleBar;
  Format: {
    /** `1m05s`; seconds are rounded to a multiple. */
    TimeFormat(
      seconds: number | string,
      options: { autopaddingChar: string },
      multiple: number,
    ): string;
  };
};
export default cliProgress;

/** A terminal to draw on. */
export interface OutputStream {
  isTTY?: boolean;
  columns?: number;
  write(text: string): unknown;
}

/** What a bar asks of a terminal. */
export interface BarTerminal {
  isTTY(): boolean;
  getWidth(): number;
  write(text: string): void;
  /** To the first column. */
  cursorTo(): void;
  /** From the cursor to the end of the line. */
  clearRight(): void;
  newline(): void;
  cursorSave(): void;
  cursorRestore(): void;
  lineWrapping(enabled: boolean): void;
}

/** One bar; `payload` fills in the names of the format. */
export interface SingleBar {
  start(total: number, value: number, payload: Record<string, string>): void;
  update(value: number, payload?: Record<string, string>): void;
  update(payload: Record<string, string>): void;
  /** Draws it again, where the cursor is. */
  render(): void;
  stop(): void;
}
