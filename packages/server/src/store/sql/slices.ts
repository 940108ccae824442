/** Writes rows in as many statements as it takes: one has only so many arguments. */
export async function inSlices<Row>(rows: readonly Row[], size: number, write: (some: Row[]) => Promise<unknown>): Promise<void> {
  for (let at = 0; at < rows.length; at += size) await write(rows.slice(at, at + size));
}
