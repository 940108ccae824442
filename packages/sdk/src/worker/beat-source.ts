/** What the heartbeat thread starts with. */
export interface BeatThreadData {
  url: string;
  /** Hold the API key: never log them. */
  headers: Record<string, string>;
  session: BeatSession;
}

export interface BeatSession {
  workerId: string;
  sessionToken: string;
  intervalMs: number;
}

/** Main thread → heartbeat thread. */
export interface BeatChange {
  /** JSON texts of job references, one a line: a string crosses to the thread far cheaper than objects do. */
  add?: string;
  remove?: string;
  report?: { state: string; processed: number; failed: number; lastError?: string };
  session?: BeatSession;
  /** Beat at once. */
  now?: true;
}

/**
 * The heartbeat thread, as text: a file would be lost in bundles, and a function's text does not survive every
 * minifier. It uses built-ins only. The list of jobs is its own, so beats stay right while the main thread is blocked.
 */
export const BEAT_SOURCE = `'use strict';
const { parentPort, workerData } = require('node:worker_threads');
let session = workerData.session;
let report = { state: 'running', processed: 0, failed: 0 };
const jobs = new Set(); // JSON texts
let cpu = process.cpuUsage();
let cpuAt = performance.now();
let timer;
let beating = false;
let again = false;

function load() {
  const used = process.cpuUsage(cpu);
  const elapsedMs = Math.max(1, performance.now() - cpuAt);
  cpu = process.cpuUsage();
  cpuAt = performance.now();
  const cpuPercent = Math.min(100, Math.round((used.user + used.system) / 10 / elapsedMs));
  return { cpuPercent, memoryMb: Math.round(process.memoryUsage.rss() / 1048576) };
}

async function send(current) {
  const head = JSON.stringify({ workerId: current.workerId, ...report, inFlight: jobs.size, ...load() });
  const response = await fetch(workerData.url, {
    method: 'POST',
    headers: { ...workerData.headers, 'content-type': 'application/json', 'x-worker-session': current.sessionToken },
    body: head.slice(0, -1) + ',"jobs":[' + [...jobs].join(',') + ']}',
    signal: AbortSignal.timeout(Math.min(10000, Math.max(1000, current.intervalMs))),
  });
  const text = await response.text();
  if (response.ok) return parentPort.postMessage({ reply: JSON.parse(text) });
  let problem = {};
  try { problem = JSON.parse(text); } catch {}
  const message = problem.detail || 'the server answered ' + response.status;
  parentPort.postMessage({ failure: { status: response.status, code: problem.code, message, sessionToken: current.sessionToken } });
  throw new Error(message);
}

async function beat() {
  if (beating) { again = true; return; }
  beating = true;
  clearTimeout(timer);
  let wait = session.intervalMs;
  try {
    await send(session);
  } catch (error) {
    wait = Math.min(wait, Math.max(200, wait / 5)); // several more tries before the lease ends
    if (error.name === 'TypeError' || error.name === 'TimeoutError' || error.name === 'SyntaxError') {
      const cause = error.cause && error.cause.message ? ': ' + error.cause.message : '';
      parentPort.postMessage({ failure: { message: error.message + cause, sessionToken: session.sessionToken } });
    }
  }
  beating = false;
  timer = setTimeout(beat, again ? 0 : wait);
  again = false;
}

parentPort.on('message', (change) => {
  if (change.add) for (const job of change.add.split('\\n')) jobs.add(job);
  if (change.remove) for (const job of change.remove.split('\\n')) jobs.delete(job);
  if (change.report) report = change.report;
  if (change.session) session = change.session;
  if (change.now) beat();
});
beat().finally(() => parentPort.postMessage({ ready: true })); // fetch is loaded and connected before it is needed
`;
