import { SERVER_VERSION } from '../version.js';

export interface Ready {
  url: string;
  /** As it may be shown: without a password. */
  database: string;
  setupRequired?: boolean;
  setupLink?: string;
  apiKeyRequired?: boolean;
  apiKey?: string;
  signInLink?: string;
  credentials?: string;
}

/** What `serve` and `dev` say with `--json` as soon as they answer: one line, told from those of the log by its `type`. */
export function readyLine({ url, database, ...more }: Ready): string {
  return JSON.stringify({ type: 'ready', version: SERVER_VERSION, url, dashboardUrl: `${url}/dashboard/`, database, ...more });
}
