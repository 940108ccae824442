import ts from 'typescript';
import { type Import, importsOf, parse, type SourceFile, visit } from './imports.js';

export interface Rule {
  name: string;
  /** One line for each violation. */
  check(files: readonly SourceFile[]): string[];
}

const isTest = (path: string) => /\.(test|test-d|fixture|bench)\.tsx?$/.test(path) || /^packages\/[^/]+\/test\//.test(path);
const server = (room: string) => `packages/server/src/${room}`;
const inRoom = (path: string, room: string) => path.startsWith(server(room));

const importsByFiles = new WeakMap<readonly SourceFile[], Import[]>();

function allImports(files: readonly SourceFile[]): Import[] {
  const known = new Set(files.map((file) => file.path));
  const imports = importsByFiles.get(files) ?? files.flatMap((file) => importsOf(file, known));
  importsByFiles.set(files, imports);
  return imports;
}

/** A rule about single imports. */
function importRule(name: string, isViolation: (entry: Import) => boolean): Rule {
  return {
    name,
    check: (files) =>
      allImports(files)
        .filter(isViolation)
        .map(({ from, to }) => `${from} imports ${to}`),
  };
}

const PACKAGE = /^(?:packages\/|@pipelogiq\/)(protocol|sdk|server|dashboard)(?:\/|$)/;
const packageOf = (path: string) => PACKAGE.exec(path)?.[1];

/** Programs that use the product as its users do. */
const isClient = (path: string) => inRoom(path, 'cli/') || (path.startsWith('packages/server/') && isTest(path));

/** They watch the dashboard of a real server, while a real worker works. */
const isDashboardTest = (path: string) => /^packages\/dashboard\/(test|screenshots)\//.test(path);

const packages = importRule(
  'sdk, server and dashboard import protocol and never each other; the CLI and tests of the server may use the sdk, tests of the dashboard both',
  (entry) => {
    const from = packageOf(entry.from);
    const to = packageOf(entry.to);
    if (from === undefined || to === undefined || from === to || isDashboardTest(entry.from)) return false;
    return from === 'protocol' || (to !== 'protocol' && !(to === 'sdk' && isClient(entry.from)));
  },
);

const protocolAlone = importRule('protocol has no dependency and does no I/O', ({ from, to }) => {
  return from.startsWith('packages/protocol/src/') && !isTest(from) && !to.startsWith('packages/protocol/');
});

const examples = importRule('nothing imports examples, benchmarks or scripts', ({ from, to }) => {
  return from.startsWith('packages/') && /^(examples|bench|scripts)\//.test(to);
});

/** Rooms of the server that must not be seen from a room; types too, unless they are listed in `types`. */
const HIDDEN: Record<string, { from: string[]; types?: string[] }> = {
  'domain/': {
    from: [
      'store/',
      'http/',
      'cli/',
      'loops/',
      'testing/',
      'channels/',
      'integrations/',
      'telemetry/',
      'control-plane.ts',
      'index.ts',
    ],
    types: ['store/'],
  },
  'store/': {
    from: ['http/', 'cli/', 'loops/', 'testing/', 'channels/', 'integrations/', 'telemetry/', 'control-plane.ts', 'index.ts'],
  },
  'http/': { from: ['store/', 'cli/', 'loops/', 'testing/', 'control-plane.ts', 'index.ts'] },
  'loops/': { from: ['http/', 'cli/', 'testing/', 'control-plane.ts', 'index.ts'] },
};

const rooms = importRule(
  'http -> domain -> store, and never back; domain knows only the types of store',
  ({ from, to, typeOnly }) => {
    const room = Object.keys(HIDDEN).find((candidate) => inRoom(from, candidate));
    if (room === undefined || isTest(from)) return false;
    const { from: hidden, types = [] } = HIDDEN[room] as { from: string[]; types?: string[] };
    return hidden.some((other) => inRoom(to, other) && !(typeOnly && types.includes(other)));
  },
);

const OWNERS: [RegExp, string[]][] = [
  [/^(kysely|better-sqlite3|pg)(\/|$)/, [server('store/')]],
  [/^(hono|@hono\/[^/]+)(\/|$)/, [server('http/')]],
  [/^undici(\/|$)/, ['packages/sdk/src/transport/', server('outbound/')]],
  [/^zod(\/|$)/, [server('http/')]],
  [/^commander(\/|$)/, [server('cli/')]],
  [/^nodemailer(\/|$)/, [server('outbound/')]],
];

const owners = importRule(
  'only store imports Kysely and drivers, only http Hono and zod, only sdk/src/transport and outbound undici, only outbound nodemailer, only cli commander',
  (entry) => {
    if (!/^packages\/[^/]+\/src\//.test(entry.from) || isTest(entry.from)) return false;
    return OWNERS.some(([name, owned]) => name.test(entry.to) && !owned.some((owner) => entry.from.startsWith(owner)));
  },
);

/** Clients of HTTP that would go past the outbound gate. */
const CALLS = /(^|[^\w.])(globalThis\.)?fetch$/;

const gate: Rule = {
  name: 'nothing of the server calls others but outbound, which looks at the address',
  check: (files) => {
    const found: string[] = [];
    for (const file of files) {
      if (!inRoom(file.path, '') || isTest(file.path) || ['outbound/', 'cli/'].some((room) => inRoom(file.path, room))) continue;
      visit(parse(file), (node) => {
        if (ts.isCallExpression(node) && CALLS.test(node.expression.getText())) found.push(`${file.path} calls fetch`);
        if (
          ts.isImportSpecifier(node) &&
          /^node:https?$/.test(moduleOf(node)) &&
          /^(request|get)$/.test((node.propertyName ?? node.name).text)
        )
          found.push(`${file.path} imports ${node.getText()} of ${moduleOf(node)}`);
      });
    }
    return found;
  },
};

const moduleOf = (node: ts.ImportSpecifier): string => {
  const { moduleSpecifier } = node.parent.parent.parent;
  return ts.isStringLiteral(moduleSpecifier) ? moduleSpecifier.text : '';
};

const observability = importRule(
  'nothing of the sdk imports its observability, and only that imports optional packages',
  ({ from, to, typeOnly }) => {
    if (!from.startsWith('packages/sdk/src/') || isTest(from) || from.startsWith('packages/sdk/src/observability/')) return false;
    const optional = /^@opentelemetry\/(?!api$|core$)/.test(to);
    return !typeOnly && (optional || to.startsWith('packages/sdk/src/observability/'));
  },
);

const LEAVES = ['channels/', 'integrations/', 'outbound/', 'secrets/', 'telemetry/'];

const leaves = importRule(
  'channels, integrations, outbound, secrets and telemetry are leaves that only control-plane.ts imports (others: their types)',
  (entry) => {
    const { from, to, typeOnly } = entry;
    if (typeOnly || isTest(from) || !inRoom(from, '')) return false;
    const leaf = LEAVES.find((room) => inRoom(to, room));
    return leaf !== undefined && !inRoom(from, leaf) && from !== server('control-plane.ts');
  },
);

const leavesSeeNothing = importRule(
  'channels, integrations, outbound, secrets and telemetry import no other room',
  ({ from, to, typeOnly }) => {
    if (typeOnly || isTest(from)) return false;
    return (
      LEAVES.some((room) => inRoom(from, room)) &&
      ['http/', 'store/', 'domain/', 'loops/', 'cli/'].some((room) => inRoom(to, room))
    );
  },
);

const RANDOM_NAMES = /^(randomBytes|randomUUID|randomInt|randomFill|randomFillSync|getRandomValues)$/;

/** What reads the clock or randomness: `Date.now`, `new Date()`, `performance.now`, `process.hrtime`, `Math.random`, node:crypto's. */
function readsClock(node: ts.Node): boolean {
  if (ts.isNewExpression(node)) return node.expression.getText() === 'Date' && (node.arguments?.length ?? 0) === 0;
  if (ts.isImportSpecifier(node)) return RANDOM_NAMES.test((node.propertyName ?? node.name).text);
  if (!ts.isPropertyAccessExpression(node)) return false;
  const text = node.getText();
  return (
    /^(Date\.now|performance\.now|process\.hrtime|Math\.random)$/.test(text) ||
    (RANDOM_NAMES.test(node.name.text) && /^(globalThis\.)?crypto\./.test(text))
  );
}

const clock: Rule = {
  name: 'only clock.ts of the server reads the clock and randomness',
  check: (files) => {
    const found: string[] = [];
    for (const file of files) {
      if (!inRoom(file.path, '') || isTest(file.path) || file.path === server('clock.ts')) continue;
      visit(parse(file), (node) => {
        if (readsClock(node)) found.push(`${file.path} uses ${node.getText()}`);
      });
    }
    return found;
  },
};

export const MAX_LINES = 320;

const length: Rule = {
  name: `no file is longer than ${MAX_LINES} lines`,
  check: (files) =>
    files
      .map(({ path, text }) => ({ path, lines: text.replace(/\n$/, '').split('\n').length }))
      .filter(({ lines }) => lines > MAX_LINES)
      .map(({ path, lines }) => `${path} has ${lines} lines`),
};

const cycles: Rule = {
  name: 'no file imports itself through others at run time',
  check: (files) => {
    const edges = new Map<string, string[]>();
    for (const { from, to, typeOnly } of allImports(files)) {
      if (!typeOnly) edges.set(from, [...(edges.get(from) ?? []), to]);
    }
    const done = new Set<string>();
    const found: string[] = [];
    const walk = (path: string, trail: string[]) => {
      const start = trail.indexOf(path);
      if (start >= 0) found.push([...trail.slice(start), path].join(' -> '));
      if (start >= 0 || done.has(path)) return;
      for (const to of edges.get(path) ?? []) walk(to, [...trail, path]);
      done.add(path);
    };
    for (const { path } of files) walk(path, []);
    return found;
  },
};

export const RULES = {
  packages,
  protocolAlone,
  examples,
  rooms,
  owners,
  gate,
  observability,
  leaves,
  leavesSeeNothing,
  clock,
  length,
  cycles,
};
