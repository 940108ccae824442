import { ensureBuilt } from './build.mjs';
import { ensureInstalled } from './install.mjs';
import { withLock } from './lock.mjs';

/** Installs and builds what is missing or out of date; quiet when nothing is. */
export const prepare = () =>
  withLock(async () => {
    await ensureInstalled();
    await ensureBuilt();
  });
