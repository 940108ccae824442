import { Command, CommanderError } from 'commander';
import { SERVER_VERSION } from '../version.js';
import { alertsCommands } from './alerts/group.js';
import { devCommand } from './dev.js';
import { EXIT, report } from './failure.js';
import { insightsCommand } from './insights.js';
import { keysCommands } from './keys/group.js';
import { loginLinkCommand } from './login-link.js';
import { migrateCommand } from './migrate.js';
import { type Output, standardOutput } from './output.js';
import { pipelinesCommands } from './pipelines/group.js';
import { schedulesCommands } from './schedules.js';
import { secretsCommand } from './secrets.js';
import { serveCommand } from './serve.js';
import { stagesCommands } from './stages/group.js';
import { usersCommands } from './users.js';
import { workersCommands } from './workers.js';

/** Commander writes `error: …` and its suggestion on two lines; ours is one. */
const oneLine = (text: string) =>
  `${text
    .trim()
    .replace(/^error: /, 'pipelogiq: ')
    .replaceAll(/\s*\n\s*/g, ' ')}\n`;

/** The command line with all its commands; `finish` takes the exit code of those that have one of their own. */
export function programOf(output: Output, finish: (exitCode: number) => void): Command {
  const program = new Command('pipelogiq')
    .description('Execution control plane for multi-stage background work')
    .version(SERVER_VERSION)
    .enablePositionalOptions() // `--version` behind a command is that command's
    .showSuggestionAfterError()
    .configureOutput({ outputError: (text, write) => write(oneLine(text)) })
    .exitOverride();
  serveCommand(program, output, finish);
  devCommand(program, output, finish);
  pipelinesCommands(program, output, finish);
  stagesCommands(program, output, finish);
  workersCommands(program, output);
  schedulesCommands(program, output);
  insightsCommand(program, output);
  alertsCommands(program, output, finish);
  keysCommands(program, output);
  usersCommands(program, output);
  loginLinkCommand(program, output);
  migrateCommand(program, output);
  secretsCommand(program, output);
  return program;
}

/** Runs one command line. Resolves with the exit code (EXIT in failure.ts). */
export async function run(args: readonly string[], output: Output = standardOutput): Promise<number> {
  let exitCode: number = EXIT.done;
  const program = programOf(output, (code) => {
    exitCode = code;
  });
  try {
    await program.parseAsync([...args], { from: 'user' });
    return exitCode;
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT.done : EXIT.usage; // already printed
    return report(error, !!process.env.PIPELOGIQ_DEBUG);
  }
}
