import Database from 'better-sqlite3';
import { Client } from 'pg';

/** Looks at a database, or changes it behind the server's back, as damage or an operator with a shell would. */
export async function execute(database: string, sql: string): Promise<unknown[]> {
  if (!database.startsWith('postgres')) {
    const connection = new Database(database);
    const statement = connection.prepare(sql);
    const rows = statement.reader ? statement.all() : [];
    if (!statement.reader) statement.run();
    connection.close();
    return rows;
  }
  const client = new Client({ connectionString: database });
  await client.connect();
  try {
    return (await client.query(sql)).rows;
  } finally {
    await client.end();
  }
}
