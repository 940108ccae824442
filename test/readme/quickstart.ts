import { readFileSync } from 'node:fs';
import { join } from 'node:path';

const root = join(import.meta.dirname, '../..');

/** The program of examples/quickstart, as it stands there. */
export const quickstart = () => readFileSync(join(root, 'examples/quickstart/quickstart.mjs'), 'utf8');

/** The first code block after the marker in the readme. */
export function readmeSnippet(): string | undefined {
  const readme = readFileSync(join(root, 'README.md'), 'utf8');
  return /<!-- quickstart -->\s*```[a-z]*\n([\s\S]*?)```/.exec(readme)?.[1];
}

/** What the snippet prints at the end. */
export const EXPECTED_OUTPUT = /completed/;

/** The same program for `require`, where top-level await does not exist. */
export function asCommonJs(source: string, language: 'javascript' | 'typescript' = 'javascript'): string {
  const imports: string[] = [];
  const body = source.replaceAll(/^import (\{[^}]*\}) from ('[^']+');$/gm, (line, names: string, from: string) => {
    imports.push(language === 'typescript' ? line : `const ${names} = require(${from});`);
    return '';
  });
  return `${imports.join('\n')}\nvoid (async () => {\n${body}\n})();\n`;
}
