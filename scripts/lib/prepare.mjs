import { ensureBuilt } from './build.mjs';
import { ensureInstalled } from './install.mjs';
import { withLock } from './lock.mjs';

/** Installs and builds what is missing or out of date; quiet when nothing is. Options are those of `ensureBuilt`. */
export const prepare = (options) =>
  withLock(async () => {
    await ensureInstalled();
    await ensureBuilt(options);
  });
