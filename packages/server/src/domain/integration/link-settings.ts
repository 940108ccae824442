import type { Reads } from '../../store/store.js';
import type { Settings } from './kind.js';
import { type Linker, linkerOf } from './links.js';

/** Links of an application, as its integration `opentelemetry` has them. Their fields are no secrets. */
export async function linksOf(reads: Pick<Reads, 'integration'>, applicationId: number): Promise<Linker> {
  const row = await reads.integration(applicationId, 'opentelemetry');
  return linkerOf(row?.enabled === 1 ? (JSON.parse(row.settings) as Settings) : undefined);
}
