// Only syntax that very old Node versions parse: this file tells their users to upgrade.
const MINIMUM = [20, 19];

/** Ends the process with one line unless this Node is new enough. */
export function requireNode() {
  const [major, minor] = process.versions.node.split('.').map(Number);
  if (major > MINIMUM[0] || (major === MINIMUM[0] && minor >= MINIMUM[1])) return;
  process.stderr.write(
    `Pipelogiq needs Node ${MINIMUM.join('.')} or newer; this is Node ${process.versions.node}. Get one at https://nodejs.org\n`,
  );
  process.exit(1);
}
