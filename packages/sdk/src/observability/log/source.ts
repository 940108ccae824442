import { basename, extname } from 'node:path';
import { fileURLToPath } from 'node:url';
import { isMainThread, threadId } from 'node:worker_threads';
import type { LogFields } from './logger.js';

const FRAME = /^at (?:(?:async )?(?:new )?(.+?) \()?(?:(file:.+?)|(.+?)):(\d+):\d+\)?$/;

/**
 * `module`, `function` and `line` of the code that called `method`, and which process and thread it runs in. Costs a stack
 * trace a line.
 */
export function sourceOfCall(method: (...args: never[]) => unknown): LogFields {
  const holder: { stack?: string } = {};
  Error.captureStackTrace(holder, method);
  const caller = FRAME.exec((holder.stack ?? '').split('\n')[1]?.trim() ?? '');
  const [, name, url, path, line] = caller ?? [];
  const file = url ? fileURLToPath(url) : path;
  return {
    ...(file !== undefined && { module: basename(file, extname(file)) }),
    function: name?.split('.').at(-1) ?? null,
    ...(line !== undefined && { line: Number(line) }),
    process: { id: process.pid, name: process.title },
    thread: { id: threadId, name: isMainThread ? 'main' : `worker-${threadId}` },
  };
}
