import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import ts from 'typescript';
import { describe, expect, it } from 'vitest';
import { DIAGNOSIS_CODES, ERROR_CODES, ROUTES, STAGE_ERROR_CODES } from '../packages/protocol/src/index.js';
import { envName, flagName, OPTION_NAMES, OPTIONS, type Option, type OptionName } from '../packages/server/src/config.js';
import { PROBLEMS } from '../packages/server/src/http/problems.js';

const root = join(import.meta.dirname, '..');
const at = (path: string) => join(root, path);
const read = (path: string) => readFileSync(at(path), 'utf8');

const guides = readdirSync(at('docs'), { recursive: true, encoding: 'utf8' }).filter((path) => path.endsWith('.md'));
const pages = ['README.md', 'CONTRIBUTING.md', 'SECURITY.md', 'bench/README.md', ...guides.map((path) => join('docs', path))];

const UNITS = {
  duration: [
    ['d', 86_400_000],
    ['h', 3_600_000],
    ['m', 60_000],
    ['s', 1_000],
    ['ms', 1],
  ],
  size: [
    ['MiB', 1_048_576],
    ['KiB', 1_024],
    ['', 1],
  ],
} as const;

/** A number as the option takes it: `10s`, `256KiB`, `1000`. */
function written(type: 'int' | 'number' | 'size' | 'duration', value: number): string {
  if (type === 'int' || type === 'number' || value === 0) return String(value);
  const units: readonly (readonly [string, number])[] = UNITS[type];
  const [unit, factor] = units.find(([, size]) => value % size === 0) ?? ['', 1];
  return `${value / factor}${unit}`;
}

function valuesOf(option: Option): { byDefault: string; range: string } {
  switch (option.type) {
    case 'int':
    case 'number':
    case 'size':
    case 'duration': {
      const text = (value: number) => written(option.type, value);
      return { byDefault: `\`${text(option.default)}\``, range: `\`${text(option.min)}\` to \`${text(option.max)}\`` };
    }
    case 'enum':
      return { byDefault: `\`${option.default}\``, range: option.values.map((value) => `\`${value}\``).join(', ') };
    case 'bool':
      return { byDefault: `\`${option.default}\``, range: '`true`, `false`' };
    case 'string':
      return {
        byDefault: option.default === undefined ? 'none' : `\`${option.default}\``,
        range: (option.minLength ?? 0) > 1 ? `${option.minLength} or more characters` : 'text',
      };
  }
}

/** The row of docs/reference/options.md that is true of an option. */
function rowOf(name: OptionName): string {
  const option: Option = OPTIONS[name];
  const { byDefault, range } = valuesOf(option);
  const flag = option.type === 'string' && option.secret ? 'none' : `\`${flagName(name)}\``;
  return `| \`${name}\` | ${flag} | \`${envName(name)}\` | ${byDefault} | ${range} | ${option.description} |`;
}

/** As GitHub makes anchors of headings. */
const slug = (heading: string) =>
  heading
    .toLowerCase()
    .replace(/[^\p{L}\p{N}_ -]/gu, '')
    .replaceAll(' ', '-');

const withoutCode = (text: string) => text.replaceAll(/^(```|~~~)[\s\S]*?^\1/gm, '');
const anchorsOf = (path: string) =>
  [...withoutCode(read(path)).matchAll(/^#+ (.+)$/gm)].map(([, heading]) => slug(heading ?? ''));
const linksOf = (path: string) => [...withoutCode(read(path)).matchAll(/\]\(([^)\s]+)\)/g)].map(([, target]) => target ?? '');

function isBroken(page: string, target: string): boolean {
  if (/^[a-z]+:/.test(target)) return false;
  const [path = '', anchor] = target.split('#');
  const file = path === '' ? page : relative(root, resolve(at(dirname(page)), path));
  if (!existsSync(at(file))) return true;
  return anchor !== undefined && !anchorsOf(file).includes(anchor);
}

describe('docs/reference/options.md', () => {
  it.each(OPTION_NAMES)('has %s as it is', (name) => {
    expect(read('docs/reference/options.md').split('\n')).toContain(rowOf(name));
  });

  it('has no option that is not there', () => {
    const rows = read('docs/reference/options.md').matchAll(/^\| `(\w+)` \| (?:none|`--)/gm);
    expect([...rows].map(([, name]) => name)).toEqual(OPTION_NAMES);
  });
});

describe('docs/reference/errors.md', () => {
  const text = read('docs/reference/errors.md');

  it.each(ERROR_CODES)('has a section for %s with its status', (code) => {
    expect(text).toContain(`\n### ${code}\n\n**${PROBLEMS[code].status}**`);
  });

  it.each(STAGE_ERROR_CODES)('has a section for the stage code %s', (code) => {
    expect(text).toContain(`\n### ${code}\n`);
  });

  it('has no code that is not there', () => {
    const sections = [...text.matchAll(/^### (\S+)$/gm)].map(([, code]) => code);
    expect(sections).toEqual([...ERROR_CODES, ...STAGE_ERROR_CODES]);
  });
});

describe('docs/reference/api.md', () => {
  it.each(Object.values(ROUTES))('has %s', (path) => {
    expect(read('docs/reference/api.md')).toMatch(new RegExp(`\`(GET|POST|DELETE) ${path.replaceAll(/[{}]/g, '\\$&')}\``));
  });
});

describe('docs/guides/why-is-it-not-running.md', () => {
  it('has every code of a diagnosis, and no other', () => {
    const rows = read('docs/guides/why-is-it-not-running.md').matchAll(/^\| `(\w+)` \|/gm);
    expect([...rows].map(([, code]) => code).sort()).toEqual([...DIAGNOSIS_CODES].sort());
  });
});

describe.each(pages)('%s', (page) => {
  it('links to what exists', () => {
    expect(linksOf(page).filter((target) => isBroken(page, target))).toEqual([]);
  });
});

/** TypeScript blocks of a page, each a module of its own beside the page. */
function snippetsOf(page: string): { path: string; text: string }[] {
  return [...read(page).matchAll(/^```ts\n([\s\S]*?)^```/gm)].map(([, text], index) => ({
    path: at(`docs/${page.replaceAll(/\W/g, '-')}-${index}.ts`),
    text: `${text}\nexport {};\n`,
  }));
}

/** Modules that snippets import and that belong to the reader. */
const READERS = `
  declare module '*/handlers.js' {
    import type { Handler } from '@pipelogiq/sdk';
    export const resize: Handler<'resize', { file: string }, { file: string; bytes: number }>;
    export const publish: Handler<'publish', { file: string }, { url: string }>;
  }
  declare module '*/pipeline.js' {
    import type { PipelineDefinition } from '@pipelogiq/sdk';
    export const thumbnail: PipelineDefinition<{ file: string }>;
  }
  declare module '*/orders.js' {
    import type { AnyHandler, PipelineDefinition } from '@pipelogiq/sdk';
    export const order: PipelineDefinition<{ orderId: string }>;
    export const orderHandlers: readonly AnyHandler[];
  }
`;

describe('the TypeScript of the documentation', () => {
  it('compiles', () => {
    const { config } = ts.readConfigFile(at('tsconfig.base.json'), ts.sys.readFile);
    const { options } = ts.parseJsonConfigFileContent({ ...config, files: [] }, ts.sys, root);
    const texts = new Map(pages.flatMap(snippetsOf).map(({ path, text }) => [path, text]));
    texts.set(at('docs/readers.d.ts'), READERS);
    const host = ts.createCompilerHost(options);
    const { readFile, fileExists, getSourceFile } = host;
    host.readFile = (path) => texts.get(path) ?? readFile(path);
    host.fileExists = (path) => texts.has(path) || fileExists(path);
    host.getSourceFile = (path, target, ...rest) => {
      const text = texts.get(path);
      return text === undefined ? getSourceFile(path, target, ...rest) : ts.createSourceFile(path, text, target);
    };
    const program = ts.createProgram([...texts.keys()], options, host);
    const found = [...texts.keys()].flatMap((path) => {
      const file = program.getSourceFile(path);
      return [...program.getSyntacticDiagnostics(file), ...program.getSemanticDiagnostics(file)].map(
        ({ messageText, start }) =>
          `${relative(root, path)}:${file?.getLineAndCharacterOfPosition(start ?? 0).line} ${ts.flattenDiagnosticMessageText(messageText, ' ')}`,
      );
    });
    expect(texts.size).toBeGreaterThan(5);
    expect(found).toEqual([]);
  });
});
