// The least that a durable queue must do: two tables, one ready index, prepared statements, one writer.
import Database from 'better-sqlite3';

const SCHEMA = `
create table if not exists pipeline (
  id integer primary key, name text not null, status text not null, created_at integer not null, finished_at integer
);
create table if not exists stage (
  id integer primary key, pipeline_id integer not null, name text not null, handler text not null, status text not null,
  priority integer not null, run_at integer not null, token integer not null default 0, lease_expires_at integer,
  input text not null, output text
);
create index if not exists stage_ready on stage (handler, priority desc, run_at, id) where status = 'pending';
`;

/** Opens `file` with every commit synced to disk, and proves it. */
export function openStore(file) {
  const db = new Database(file);
  db.pragma('journal_mode = wal');
  db.pragma('synchronous = full'); // better-sqlite3 compiles WAL down to NORMAL, so this must come after journal_mode
  db.pragma('journal_size_limit = 67108864');
  db.exec(SCHEMA);
  const mode = db.pragma('journal_mode', { simple: true });
  const synchronous = db.pragma('synchronous', { simple: true });
  if (mode !== 'wal' || synchronous !== 2) throw new Error(`wanted wal and synchronous 2, have ${mode} and ${synchronous}`);

  let nextId = 1 + Number(db.prepare('select coalesce(max(id), 0) from pipeline').pluck().get());
  const insertPipeline = db.prepare(`insert into pipeline (id, name, status, created_at) values (?, ?, 'running', ?)`);
  const insertStage = db.prepare(
    `insert into stage (id, pipeline_id, name, handler, status, priority, run_at, input) values (?, ?, ?, ?, 'pending', ?, ?, ?)`,
  );
  const claimStages = db.prepare(`
    update stage set status = 'running', token = token + 1, lease_expires_at = ?
    where id in (select id from stage where status = 'pending' and handler = ? order by priority desc, run_at, id limit ?)
    returning id, pipeline_id, token, input`);
  const completeStage = db
    .prepare(
      `update stage set status = 'completed', output = ? where id = ? and status = 'running' and token = ? returning pipeline_id`,
    )
    .pluck();
  const completePipeline = db.prepare(`update pipeline set status = 'completed', finished_at = ? where id = ?`);

  return {
    /** Runs `work` as one transaction: one sync for all that it writes. */
    transaction: db.transaction((work) => work()).immediate,

    /** Creates one single-stage pipeline and answers its id. */
    create({ name, stages: [stage] }, now) {
      const id = nextId++;
      insertPipeline.run(id, name, now);
      insertStage.run(id, id, stage.name, stage.handler, stage.priority ?? 0, now, JSON.stringify(stage.input ?? null));
      return id;
    },

    claim(handler, limit, now) {
      return claimStages.all(now + 60_000, handler, limit);
    },

    /** False when the lease was lost. */
    complete({ id, fencingToken, output }, now) {
      const pipelineId = completeStage.get(JSON.stringify(output ?? null), id, fencingToken);
      if (pipelineId === undefined) return false;
      completePipeline.run(now, pipelineId);
      return true;
    },

    close: () => db.close(),
  };
}
