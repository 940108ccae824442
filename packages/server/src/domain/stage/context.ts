import type { ContextWrite } from '@pipelogiq/protocol';
import type { ContextRow } from '../../store/store.js';
import { DomainError } from '../errors.js';
import { byteLength, jsonText } from './output.js';

/** Context writes as rows that lack only the pipeline and the time of the commit. */
export const contextRows = (writes: readonly ContextWrite[] = []): Omit<ContextRow, 'pipeline_id' | 'updated_at'>[] =>
  writes.map(({ key, value, sensitive }) => ({ key, value: jsonText(value) ?? 'null', sensitive: sensitive === true ? 1 : 0 }));

/** @throws DomainError `payload_too_large` naming the key. */
export function checkContextSize(writes: readonly ContextWrite[] | undefined, maxValueBytes: number): void {
  for (const { key, value } of contextRows(writes)) {
    const bytes = byteLength(value);
    if (bytes > maxValueBytes) {
      throw new DomainError('payload_too_large', `Context value "${key}" has ${bytes} bytes; the limit is ${maxValueBytes}.`);
    }
  }
}
