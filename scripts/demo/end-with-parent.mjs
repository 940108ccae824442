// Loaded into every process of the demo: ends it when the demo is gone, however that went. Otherwise a demo that was killed would
// leave a server on the port, and a worker.
import { isMainThread } from 'node:worker_threads';

if (isMainThread) {
  const end = () => process.kill(process.pid, 'SIGKILL');
  process.once('disconnect', end);
  process.channel?.unref(); // the channel alone must not keep a program alive that is done
  if (process.connected === false) end(); // gone before we listened
}
