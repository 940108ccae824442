import { type RawBuilder, sql } from 'kysely';
import type { Capabilities } from '../capabilities.js';

/** Characters of a value that are in the index `context_item_value`. */
const INDEXED = sql.lit(64);

/** The texts that JSON values are stored as which `value` stands for: the string itself, and the number, truth value or null it spells. */
function storedTexts(value: string): string[] {
  const asString = JSON.stringify(value);
  if (!/^(?:true|false|null|-?\d.*)$/s.test(value)) return [asString];
  try {
    return [asString, JSON.stringify(JSON.parse(value))];
  } catch {
    return [asString];
  }
}

/**
 * `select pipeline_id as id`: pipelines, of any application, whose context has this value under this key, read off an index. Sensitive
 * values are never found: who may not read them could guess them so.
 * @param more - a further condition on `context_item c`
 */
export function pipelinesWithContext(
  can: Capabilities,
  [key, value]: readonly [string, string],
  more: RawBuilder<unknown> = sql`1 = 1`,
): RawBuilder<{ id: number }> {
  const texts = storedTexts(value).map((text) => can.typed(sql`${text}`, 'text'));
  const begins = texts.map((text) => sql`substr(${text}, 1, ${INDEXED})`);
  return sql`
    select c.pipeline_id as id from context_item c
    where c.key = ${key} and c.sensitive = 0 and substr(c.value, 1, ${INDEXED}) in (${sql.join(begins)})
      and c.value in (${sql.join(texts)}) and ${more}`;
}
