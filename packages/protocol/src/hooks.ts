import type { Json } from './json.js';

export const HOOK_AUTHS = ['token', 'signature'] as const;
export type HookAuth = (typeof HOOK_AUTHS)[number];

/**
 * How the sender of a delivery shows who it is:
 * - `token`: the hook's own token in the header `x-hook-token`, or as `Authorization: Bearer …`
 * - `signature`: headers `webhook-id`, `webhook-timestamp` and `webhook-signature` of Standard Webhooks 1.0
 */
export interface HookCredentials {
  type: HookAuth;
  /** Of signatures: the sender's secrets, `whsec_…`; several while they are rotated. Absent: the server makes one. */
  secrets?: string[];
}

/** `PUT /hooks/{name}` */
export interface HookSpec {
  /**
   * A pipeline as in `POST /pipelines`, whose texts may hold placeholders `{{ body.order.id }}`, `{{ headers.x-event }}`,
   * `{{ query.source }}`. A text that is one placeholder becomes the value itself; with `?` behind the path it may be missing.
   */
  template: { [field: string]: Json };
  /**
   * Where a delivery with a token has its id, as a placeholder: `{{ headers.x-request-id }}`, `{{ body.id? }}`. The same id again
   * creates nothing. Default: the header `webhook-id`, if it is there. A signed delivery always has its id in `webhook-id`.
   */
  deliveryId?: string;
  /** Absent: those that it has. Present: new ones from now on. */
  auth?: HookCredentials;
}

/** `POST /hooks` */
export interface CreateHook extends HookSpec {
  /** The last part of the path that deliveries are sent to; unique among all hooks of the server. Letters, digits, `.`, `_`, `-`, `~`. */
  name: string;
  /** Default `{ type: 'token' }`. */
  auth?: HookCredentials;
}

export interface Hook {
  id: string;
  name: string;
  application: string;
  auth: HookAuth;
  template: { [field: string]: Json };
  deliveryId?: string;
  /** RFC 3339. */
  createdAt: string;
  updatedAt: string;
}

/** The only answer that ever holds what the server made: a token, or a signing secret. */
export interface HookSaved extends Hook {
  token?: string;
  secret?: string;
}
