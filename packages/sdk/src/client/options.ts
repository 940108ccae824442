import { ConfigurationError } from '../errors.js';
import { createTransport, type TransportOptions } from '../transport/create-transport.js';
import type { Transport } from '../transport/transport.js';
import { resolveTarget } from './credentials.js';
import { didYouMean } from './did-you-mean.js';

/** Where the control plane is and how to talk to it. Everything is optional. */
export interface PipelogiqOptions extends TransportOptions {
  /** Base URL, with the prefix under which the control plane is mounted, if any. Default: `PIPELOGIQ_URL`. */
  url?: string;
  /** Default: `PIPELOGIQ_API_KEY`. Without URL and key: `./.pipelogiq/credentials`, as `pipelogiq dev` writes it. */
  apiKey?: string;
}

const KNOWN = [
  'url',
  'apiKey',
  'fetch',
  'dispatcher',
  'timeoutMs',
  'retryForMs',
  'maxAttempts',
] as const satisfies (keyof PipelogiqOptions)[];

/**
 * Makes the client's transport. Credentials are looked up with the first request.
 *
 * @throws ConfigurationError for options that do not exist
 */
export function transportFor(options: PipelogiqOptions): Transport {
  for (const name of Object.keys(options)) {
    if (!(KNOWN as readonly string[]).includes(name)) {
      throw new ConfigurationError(`There is no client option "${name}".${didYouMean(name, KNOWN)}`);
    }
  }
  const { url, apiKey, ...transport } = options;
  return createTransport(() => resolveTarget({ url, apiKey, injectedFetch: transport.fetch !== undefined }), transport);
}
