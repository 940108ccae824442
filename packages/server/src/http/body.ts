import { isUtf8 } from 'node:buffer';
import type { IncomingMessage } from 'node:http';
import { DomainError } from '../domain/errors.js';

const JSON_TYPE = /^application\/(?:json|[\w.+-]+\+json)\s*(?:;\s*charset="?utf-?8"?\s*)?$/i;

function tooLarge(limit: number): DomainError {
  return new DomainError('payload_too_large', `The body is larger than the ${limit} bytes that this call takes.`);
}

function bodyLost(cause: unknown): DomainError {
  return new DomainError('invalid_json', 'The connection closed before the body was complete.', { cause });
}

/** Refuses what is not plain JSON by its headers, before a byte is read. */
function checkHeaders(headers: Headers, limit: number): void {
  const encoding = headers.get('content-encoding');
  if (encoding && encoding !== 'identity') {
    throw new DomainError(
      'unsupported_media_type',
      `Content-Encoding ${JSON.stringify(encoding)} is not understood; send the body as it is.`,
    );
  }
  if (Number(headers.get('content-length') ?? 0) > limit) throw tooLarge(limit);
}

function checkType(headers: Headers): void {
  const type = headers.get('content-type');
  if (type !== null && JSON_TYPE.test(type.trim())) return;
  const got = type === null ? 'none was sent' : `not ${JSON.stringify(type)}`;
  throw new DomainError('unsupported_media_type', `Content-Type must be application/json; ${got}.`);
}

/** An embedding service may have run a body parser before us, which leaves nothing to read. */
function alreadyRead(incoming: IncomingMessage): Buffer | undefined {
  const { rawBody, body } = incoming as IncomingMessage & { rawBody?: unknown; body?: unknown };
  if (Buffer.isBuffer(rawBody)) return rawBody;
  if (!incoming.readableDidRead) return undefined;
  if (Buffer.isBuffer(body)) return body;
  return Buffer.from(typeof body === 'string' ? body : body === undefined ? '' : JSON.stringify(body));
}

function readIncoming(incoming: IncomingMessage, limit: number): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    let size = 0;
    const settle = (finish: () => void) => {
      incoming.off('data', onData).off('end', onEnd).off('error', onGone).off('close', onGone);
      finish();
    };
    const onData = (chunk: Buffer) => {
      size += chunk.length;
      if (size > limit) return settle(() => reject(tooLarge(limit)));
      chunks.push(chunk);
    };
    const onEnd = () => settle(() => resolve(chunks.length === 1 ? (chunks[0] as Buffer) : Buffer.concat(chunks)));
    const onGone = (error?: Error) => settle(() => reject(bodyLost(error)));
    incoming.on('data', onData).on('end', onEnd).on('error', onGone).on('close', onGone);
    if (incoming.destroyed) onGone(); // no event would come
  });
}

async function readStream(stream: ReadableStream<Uint8Array> | null, limit: number): Promise<Buffer> {
  if (stream === null) return Buffer.alloc(0);
  const chunks: Uint8Array[] = [];
  let size = 0;
  try {
    for await (const chunk of stream) {
      size += chunk.length;
      if (size > limit) break; // which cancels the stream
      chunks.push(chunk);
    }
  } catch (cause) {
    throw bodyLost(cause);
  }
  if (size > limit) throw tooLarge(limit);
  return Buffer.concat(chunks);
}

/**
 * The text of a JSON body of at most `limit` bytes, counted while it arrives; an empty string when there is none. Reads
 * the socket itself where there is one: a web stream in between costs more than the rest of a small request.
 */
export async function readBody(request: Request, incoming: IncomingMessage | undefined, limit: number): Promise<string> {
  checkHeaders(request.headers, limit);
  const bytes = incoming
    ? (alreadyRead(incoming) ?? (await readIncoming(incoming, limit)))
    : await readStream(request.body as ReadableStream<Uint8Array> | null, limit);
  if (bytes.length > limit) throw tooLarge(limit);
  if (bytes.length === 0) return '';
  checkType(request.headers);
  if (!isUtf8(bytes)) throw new DomainError('invalid_json', 'The body is not UTF-8.');
  return bytes.toString('utf8');
}
