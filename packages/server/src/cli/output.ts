/** Where commands print, so that tests can stand in for a terminal. */
export interface Output {
  line(text: string): void;
  /** As it is, without a line break: what is drawn again and again on a terminal. */
  write(text: string): void;
  /** Whether a person reads along: secrets are printed to nobody else. */
  readonly isTerminal: boolean;
  /** Whether text may be coloured: on a terminal, unless NO_COLOR (https://no-color.org) or a dumb one says otherwise. */
  readonly hasColour: boolean;
  /** Characters of a line; undefined where lines have no end, as in a file. */
  readonly columns: number | undefined;
  /** Lines of the terminal. */
  readonly rows: number;
}

const ROWS = 24;

export const standardOutput: Output = {
  line: (text) => void process.stdout.write(`${text}\n`),
  write: (text) => void process.stdout.write(text),
  get isTerminal() {
    return process.stdout.isTTY === true;
  },
  get hasColour() {
    return this.isTerminal && !process.env.NO_COLOR && process.env.TERM !== 'dumb';
  },
  get columns() {
    return this.isTerminal ? process.stdout.columns || 80 : undefined; // some terminals say 0
  },
  get rows() {
    return process.stdout.rows || ROWS;
  },
};
