import { Client, TypeOverrides } from 'pg';

const INT8 = 20;

/** One query on a connection of its own, ids as numbers. */
export async function queryOnce<Row>(connectionString: string, sql: string): Promise<Row[]> {
  const parsers = new TypeOverrides();
  parsers.setTypeParser(INT8, Number);
  const client = new Client({ connectionString, types: parsers });
  await client.connect();
  try {
    return (await client.query(sql)).rows as Row[];
  } finally {
    await client.end();
  }
}
