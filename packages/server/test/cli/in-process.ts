import { onTestFinished, vi } from 'vitest';
import type { Output } from '../../src/cli/output.js';
import { run } from '../../src/cli/program.js';
import { type ControlPlane, type ControlPlaneOptions, createControlPlane } from '../../src/index.js';
import { type Harness, speakTo } from '../engine/support.js';

/** What a command line did. */
export interface Outcome {
  code: number;
  stdout: string;
  stderr: string;
}

export interface Screen {
  columns: number;
  rows?: number;
  colour?: boolean;
}

/** The place of standard output. Without a screen it is a pipe. */
export class Paper implements Output {
  text = '';
  /** Called with each piece, in its turn. */
  onText: (text: string) => void = () => {};
  readonly isTerminal: boolean;
  readonly hasColour: boolean;
  readonly columns: number | undefined;
  readonly rows: number;

  constructor(screen?: Screen) {
    this.isTerminal = screen !== undefined;
    this.hasColour = screen?.colour ?? false;
    this.columns = screen?.columns;
    this.rows = screen?.rows ?? 24;
  }

  line(text: string): void {
    this.write(`${text}\n`);
  }

  write(text: string): void {
    this.text += text;
    this.onText(text);
  }
}

/** One command line in this process: starting a program for each would take most of the time. Not two at a time. */
export async function inProcess(args: readonly string[], paper = new Paper()): Promise<Outcome> {
  let stderr = '';
  const spy = vi.spyOn(process.stderr, 'write').mockImplementation((text) => {
    stderr += text;
    return true;
  });
  const spyOut = vi.spyOn(process.stdout, 'write').mockImplementation((text) => {
    paper.write(String(text)); // help and version
    return true;
  });
  try {
    const code = await run(args, paper);
    return { code, stdout: paper.text, stderr };
  } finally {
    spy.mockRestore();
    spyOut.mockRestore();
  }
}

export interface Served extends Omit<Harness, 'controlPlane'> {
  controlPlane: ControlPlane;
  /** `--url` and `--api-key` of it, to be added to a command line. */
  flags: string[];
  url: string;
  /** A command line against it. */
  cli(args: string, paper?: Paper): Promise<Outcome>;
  /** The JSON that a command line prints. */
  json(args: string): Promise<unknown>;
}

/** A server that listens on a port of its own, by the time of the machine. */
export async function aServer(options: ControlPlaneOptions = {}): Promise<Served> {
  const controlPlane = await createControlPlane({ database: ':memory:', logLevel: 'silent', port: 0, env: {}, ...options });
  onTestFinished(() => controlPlane.close());
  const { url } = await controlPlane.listen();
  const flags = ['--url', url, '--api-key', controlPlane.connection().apiKey];
  const cli: Served['cli'] = (args, paper) => inProcess([...words(args), ...flags], paper);
  return {
    controlPlane,
    url,
    flags,
    cli,
    async json(args) {
      const { code, stdout, stderr } = await cli(`${args} --json`);
      if (code !== 0) throw new Error(`exit code ${code}: ${stderr}`);
      return JSON.parse(stdout);
    },
    ...speakTo(controlPlane),
  };
}

/** As a shell takes a line apart: words, and what stands between quotes. */
const words = (line: string): string[] => [...line.matchAll(/"([^"]*)"|(\S+)/g)].map(([, quoted, word]) => quoted ?? word ?? '');
