// Loaded into a server by `profile.mjs --sql`: times each SQL statement that runs on the main thread.
import Database from 'better-sqlite3';

const times = new Map();
const prepare = Database.prototype.prepare;

Database.prototype.prepare = function timedPrepare(sql) {
  const statement = prepare.call(this, sql);
  const entry = times.get(sql) ?? { sql, calls: 0, micros: 0 };
  times.set(sql, entry);
  for (const method of ['run', 'all', 'get']) {
    const original = statement[method].bind(statement);
    statement[method] = (...parameters) => {
      const started = process.hrtime.bigint();
      try {
        return original(...parameters);
      } finally {
        entry.calls += 1;
        entry.micros += Number(process.hrtime.bigint() - started) / 1_000;
      }
    };
  }
  return statement;
};

/** What was counted since the last call; asked for by the inspector. */
globalThis.takeSqlTimes = () => {
  const taken = [...times.values()].map((entry) => ({ ...entry }));
  for (const entry of times.values()) Object.assign(entry, { calls: 0, micros: 0 });
  return JSON.stringify(taken.filter(({ calls }) => calls > 0));
};
