import { Command, CommanderError } from 'commander';
import { SERVER_VERSION } from '../version.js';
import { devCommand } from './dev.js';
import { report } from './failure.js';
import { keysCommand } from './keys.js';
import { migrateCommand } from './migrate.js';
import { type Output, standardOutput } from './output.js';
import { secretsCommand } from './secrets.js';
import { serveCommand } from './serve.js';

/** Commander writes `error: …` and its suggestion on two lines; ours is one. */
const oneLine = (text: string) =>
  `${text
    .trim()
    .replace(/^error: /, 'pipelogiq: ')
    .replaceAll(/\s*\n\s*/g, ' ')}\n`;

/** Runs one command line. Resolves with the exit code: 0 done, 1 failed, 2 wrong usage. */
export async function run(args: readonly string[], output: Output = standardOutput): Promise<number> {
  let exitCode = 0;
  const program = new Command('pipelogiq')
    .description('Execution control plane for multi-stage background work')
    .version(SERVER_VERSION)
    .showSuggestionAfterError()
    .configureOutput({ outputError: (text, write) => write(oneLine(text)) })
    .exitOverride();
  const finish = (code: number) => {
    exitCode = code;
  };
  serveCommand(program, output, finish);
  devCommand(program, output, finish);
  keysCommand(program, output);
  migrateCommand(program, output);
  secretsCommand(program, output);
  try {
    await program.parseAsync([...args], { from: 'user' });
    return exitCode;
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2; // already printed
    return report(error, !!process.env.PIPELOGIQ_DEBUG);
  }
}
