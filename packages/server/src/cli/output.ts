/** Where commands print, so that tests can stand in for a terminal. */
export interface Output {
  line(text: string): void;
  /** Whether a person reads along: secrets are printed to nobody else. */
  readonly isTerminal: boolean;
}

export const standardOutput: Output = {
  line: (text) => void process.stdout.write(`${text}\n`),
  get isTerminal() {
    return process.stdout.isTTY === true;
  },
};
