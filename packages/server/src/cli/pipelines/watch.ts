import type { Pipelogiq } from '@pipelogiq/sdk';
import type { Command } from 'commander';
import { systemClock } from '../../clock.js';
import { addServerFlags, onServer, type ServerFlags } from '../connection.js';
import { EXIT } from '../failure.js';
import type { Output } from '../output.js';
import { liveScreen } from '../watch/live-screen.js';
import { jsonScreen, plainScreen } from '../watch/screen.js';
import { withSigns } from '../watch/signs.js';
import { watch } from '../watch/watch.js';

interface WatchFlags {
  json?: boolean | undefined;
  logs: boolean;
}

/** `pipelogiq pipelines watch` */
export function watchCommand(group: Command, output: Output, finish: (exitCode: number) => void): void {
  const command = group
    .command('watch')
    .description('show what a pipeline does until it has ended')
    .argument('<id>', 'of the pipeline')
    .option('--no-logs', 'without what its handlers log');
  addServerFlags(command).action((id: string, flags: ServerFlags & WatchFlags) =>
    onServer(flags, (client) => watchAndFinish(client, id, output, flags, finish)),
  );
}

/** Watches, and ends with 0 when it completed, with 1 when it did not, and with 130 at Ctrl-C: the pipeline then goes on. */
export async function watchAndFinish(
  client: Pipelogiq,
  id: string,
  output: Output,
  { json, logs }: WatchFlags,
  finish: (exitCode: number) => void,
): Promise<void> {
  await client.pipelines.get(id); // what is not there is told of before anything is drawn
  const interrupted = new AbortController();
  const interrupt = () => interrupted.abort();
  process.once('SIGINT', interrupt);
  try {
    const clock = systemClock();
    const screen = json ? jsonScreen(output) : output.isTerminal ? liveScreen(output, clock) : plainScreen(output);
    const last = await watch(client, id, withSigns(screen, clock), { signal: interrupted.signal, logs });
    if (last === undefined) finish(EXIT.interrupted);
    else finish(last.status === 'completed' ? EXIT.done : EXIT.failed);
  } finally {
    process.removeListener('SIGINT', interrupt);
  }
}
