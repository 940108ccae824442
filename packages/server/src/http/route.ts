import type { z } from '@hono/zod-openapi';
import type { ErrorCode, Scope } from '@pipelogiq/protocol';
import type { Principal, WorkerPrincipal } from '../domain/use-cases.js';
import type { Client } from './client.js';

/**
 * Who may call a route. `open`: anybody. `worker`: an API key with the scope `work` together with the session of one of
 * its workers. `scrape`: an API key of an admin of all applications, the metrics token, or a call from this machine
 * (scrape-access.ts). `user`: whoever has signed in. `caller`: any key, and whoever has signed in. A scope: an API key that has it, or
 * a user whose role has it; `admin` has them all.
 */
export type Access = Scope | 'open' | 'worker' | 'scrape' | 'user' | 'caller';

type CallerOf<A extends Access> = A extends 'open' | 'scrape' ? undefined : A extends 'worker' ? WorkerPrincipal : Principal;

/** One request that was let in, read and checked. */
export interface Call<Caller, Body, Query> {
  caller: Caller;
  body: Body;
  query: Query;
  /** The `{id}` or `{name}` of the path; empty where the path has neither. */
  id: string;
  /** The path as it was sent, escapes included. */
  path(): string;
  /** The query as it was sent, without `?`: routes that are open check none. */
  search(): string;
  headers: Headers;
  method: string;
  requestId: string;
  /** Where it comes from. */
  client(): Client;
  /** Path that an embedding service mounted us under, as `/pipelogiq`; else empty. */
  mountedAt: string;
  /** Aborts when the caller goes away. */
  signal(): AbortSignal;
  /** Checks a part of the body by a schema of its own, as strictly as the rest. `at` is where the part stands. */
  check<T>(schema: z.ZodType<T>, value: unknown, at: string): T;
}

export interface Reply {
  status: number;
  /** Absent: no body. Bytes are text too, in UTF-8. */
  body?: string | Uint8Array<ArrayBuffer>;
  /** Lower-case names. */
  headers?: { [name: string]: string };
  /** Called once a socket has taken the body, or is gone; never where there is none. */
  sent?(): void;
}

/** A reply that goes on after its headers, for as long as it likes. */
export interface StreamReply extends Omit<Reply, 'body'> {
  /** Called once, whatever happens: where nobody reads, with a sink that is closed. */
  open(sink: Sink): void;
}

/** Where a stream reply writes to: a socket, or the body of a Response. What is written to a closed one is lost. */
export interface Sink {
  write(text: string): void;
  /** Bytes that the reader has not taken yet. */
  readonly waiting: number;
  /** Resolves when the reader has taken all, or is gone. */
  drained(): Promise<void>;
  /** Ends the reply. A reader that takes nothing any more is cut off after a while. */
  end(text?: string): void;
  /** Calls `listener` once when it is over, for whatever reason; at once when it is over already. */
  onClose(listener: () => void): void;
}

interface Answer {
  description: string;
  /** Absent: not JSON, or no body. */
  schema?: z.ZodType;
  type?: string;
}

export interface BodySpec<Body> {
  schema: z.ZodType<Body>;
  /** Schema of the OpenAPI document, where a part of it is checked by the handler. */
  documented?: z.ZodType;
  /** Which size limit counts. */
  size: 'single' | 'batch';
  /** An empty body is read as `{}`. */
  mayBeEmpty?: true;
  /** The handler gets the text as it arrived, and parses it when it knows who sent it; `schema` is for the document only. */
  asText?: true;
}

export interface RouteSpec<A extends Access, Body, Query> {
  operationId: string;
  summary: string;
  tag: string;
  method: 'GET' | 'POST' | 'PUT' | 'DELETE';
  /** As in ROUTES, with `{id}`, `{name}`, or at its end `{path}`: whatever follows, slashes too. */
  path: string;
  access: A;
  body?: BodySpec<Body>;
  query?: z.ZodType<Query>;
  /** Request headers that the document mentions. */
  headers?: { [name: string]: string };
  answers: { [status: number]: Answer };
  /** Codes beside those that every route may answer. */
  errors?: readonly ErrorCode[];
  /** While the server shuts down reads are served and writes refused, unless a write finishes earlier work. */
  finishesWork?: true;
  handle(call: Call<CallerOf<A>, Body, Query>): Reply | StreamReply | Promise<Reply | StreamReply>;
}

/** A worker route says where the request names the worker whose session it shows. */
type WorkerClaim<A extends Access, Body, Query> = A extends 'worker'
  ? { workerIdOf(input: { body: Body; query: Query }): string }
  : { workerIdOf?: never };

/** A declared route, its types forgotten. */
export interface Route extends RouteSpec<Access, unknown, unknown> {
  workerIdOf?(input: { body: unknown; query: unknown }): string;
}

/**
 * The only way to declare a route. `access` has no default, so that no route is open by omission; the gate stands in
 * front of whatever is declared here.
 */
export function route<A extends Access, Body = undefined, Query = undefined>(
  spec: RouteSpec<A, Body, Query> & WorkerClaim<A, Body, Query>,
): Route {
  return spec as unknown as Route;
}

export const JSON_TYPE = 'application/json';

export function json(status: number, value: unknown, headers: { [name: string]: string } = {}): Reply {
  return jsonText(status, JSON.stringify(value), headers);
}

/** For answers that are JSON text already. */
export function jsonText(status: number, body: string, headers: { [name: string]: string } = {}): Reply {
  return { status, body, headers: { 'content-type': JSON_TYPE, ...headers } };
}
