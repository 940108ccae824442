import { readFileSync } from 'node:fs';
import type { CreatePipeline, Json, StageSpec } from '@pipelogiq/protocol';
import type { Command } from 'commander';
import { several, wholeNumber } from '../arguments.js';
import { addServerFlags, onServer, type ServerFlags } from '../connection.js';
import { CliError, EXIT } from '../failure.js';
import type { Output } from '../output.js';
import { printJson } from '../paging.js';
import { watchAndFinish } from './watch.js';

/** Fields of the pipeline, then of its one stage. */
interface PipelineFlags {
  name?: string;
  keyword?: string[];
  version?: string;
  environment?: string;
  idempotencyKey?: string;
}
interface StageFlags {
  stage?: string;
  handler?: string;
  input?: string;
  maxAttempts?: number;
  timeoutMs?: number;
  delayMs?: number;
}
type Flags = ServerFlags & PipelineFlags & StageFlags & { watch?: boolean };

const MOST = Number.MAX_SAFE_INTEGER;

/** `pipelogiq pipelines create` */
export function createCommand(group: Command, output: Output, finish: (exitCode: number) => void): void {
  const command = group
    .command('create')
    .description('create a pipeline from a JSON file, or one of a single stage from flags')
    .argument('[file]', 'the pipeline as JSON, as POST /pipelines takes it; - for standard input')
    .option('--name <text>', 'of the pipeline; instead of that of the file')
    .option('--keyword <text>', 'a searchable tag; may be given several times', several)
    .option('--version <text>', 'of the pipeline')
    .option('--environment <text>', 'of the pipeline')
    .option('--idempotency-key <text>', 'the same key again gives the first pipeline again')
    .option('--handler <text>', 'without a file: what runs its stage')
    .option('--stage <text>', 'without a file: name of its stage; else that of the handler')
    .option('--input <json>', 'without a file: input of its stage; @file reads it from a file')
    .option('--max-attempts <number>', 'without a file: of its stage', wholeNumber(1, MOST))
    .option('--timeout-ms <number>', 'without a file: of its stage', wholeNumber(1, MOST))
    .option('--delay-ms <number>', 'without a file: of its stage', wholeNumber(0, MOST))
    .option('--watch', 'then watch it, as "pipelines watch" does');
  addServerFlags(command).action(async (file: string | undefined, flags: Flags) => {
    const pipeline = pipelineOf(file, flags);
    await onServer(flags, async (client) => {
      const created = await client.pipelines.create(pipeline);
      if (flags.watch && flags.json) output.line(JSON.stringify({ type: 'created', ...created }));
      else if (flags.json) printJson(output, created);
      else output.line(created.created ? `Pipeline ${created.id} created.` : `Pipeline ${created.id} was there already.`);
      if (flags.watch) await watchAndFinish(client, created.id, output, { json: flags.json, logs: true }, finish);
    });
  });
}

function pipelineOf(file: string | undefined, flags: Flags): CreatePipeline {
  const { name, keyword, version, environment, idempotencyKey } = flags;
  const own = given({ name, keywords: keyword, version, environment, idempotencyKey });
  // What it must look like is for the server to say: it knows its version of the protocol.
  if (file !== undefined) {
    noStageFlags(flags);
    return { ...(read(file, readFile(file)) as unknown as CreatePipeline), ...own };
  }
  if (flags.handler === undefined)
    throw usage('give a JSON file, - for standard input, or --handler and --name for a single stage');
  if (name === undefined) throw usage('--name is missing: the name of the pipeline');
  return { ...own, name, stages: [stageOf(flags.handler, flags)] };
}

function stageOf(handler: string, { stage = handler, input, maxAttempts, timeoutMs, delayMs }: StageFlags): StageSpec {
  const value = input === undefined ? {} : { input: inputOf(input) };
  return { name: stage, handler, ...value, ...given({ maxAttempts, timeoutMs, delayMs }) };
}

const inputOf = (text: string): Json => {
  const isFile = text.startsWith('@');
  return parse(isFile ? text.slice(1) : '--input', isFile ? readFile(text.slice(1)) : text);
};

const STAGE_FLAGS: Readonly<Record<keyof StageFlags, string>> = {
  stage: '--stage',
  handler: '--handler',
  input: '--input',
  maxAttempts: '--max-attempts',
  timeoutMs: '--timeout-ms',
  delayMs: '--delay-ms',
};

function noStageFlags(flags: Flags): void {
  const [, flag] = Object.entries(STAGE_FLAGS).find(([name]) => flags[name as keyof StageFlags] !== undefined) ?? [];
  if (flag) throw usage(`${flag} is for a pipeline without a file; write it into the file`);
}

function readFile(path: string): string {
  try {
    return readFileSync(path === '-' ? 0 : path, 'utf8');
  } catch (error) {
    throw new CliError(`cannot read ${path} (${(error as NodeJS.ErrnoException).code})`, { exitCode: EXIT.usage, cause: error });
  }
}

function read(path: string, text: string): { [field: string]: Json } {
  const value = parse(path === '-' ? 'standard input' : path, text);
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value;
  throw usage(`${path} must hold one pipeline: a JSON object with name and stages`);
}

function parse(what: string, text: string): Json {
  try {
    return JSON.parse(text) as Json;
  } catch (error) {
    throw new CliError(`${what} is not JSON: ${(error as Error).message}`, { exitCode: EXIT.usage, cause: error });
  }
}

const usage = (message: string) => new CliError(message, { exitCode: EXIT.usage });

type Given<T> = { [Name in keyof T]?: Exclude<T[Name], undefined> };

const given = <T extends object>(fields: T): Given<T> =>
  Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)) as Given<T>;
