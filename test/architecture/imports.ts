import { dirname, join } from 'node:path';
import ts from 'typescript';

/** A file of the repository; `path` is relative to the root, with forward slashes. */
export interface SourceFile {
  path: string;
  text: string;
}

export interface Import {
  from: string;
  /** The specifier as written, or the path of the file that a relative one means. */
  to: string;
  /** Nothing of it is left at run time. */
  typeOnly: boolean;
}

const specifierOf = (node: ts.Node | undefined): string | undefined =>
  node && ts.isStringLiteralLike(node) ? node.text : undefined;

function isTypeOnly(node: ts.ImportDeclaration): boolean {
  const clause = node.importClause;
  if (!clause) return false;
  if (clause.phaseModifier === ts.SyntaxKind.TypeKeyword) return true;
  const named = clause.namedBindings;
  // `import { type A }` alone is erased too, under verbatimModuleSyntax as a bare import: counted as a run-time import.
  return !clause.name && named !== undefined && ts.isNamedImports(named) && named.elements.length === 0;
}

function specifier(node: ts.Node): { to: string | undefined; typeOnly: boolean } | undefined {
  if (ts.isImportDeclaration(node)) return { to: specifierOf(node.moduleSpecifier), typeOnly: isTypeOnly(node) };
  if (ts.isExportDeclaration(node)) return { to: specifierOf(node.moduleSpecifier), typeOnly: node.isTypeOnly };
  if (ts.isImportTypeNode(node)) {
    return { to: ts.isLiteralTypeNode(node.argument) ? specifierOf(node.argument.literal) : undefined, typeOnly: true };
  }
  if (ts.isExternalModuleReference(node)) return { to: specifierOf(node.expression), typeOnly: false };
  if (!ts.isCallExpression(node)) return undefined;
  const called = node.expression;
  const loads = called.kind === ts.SyntaxKind.ImportKeyword || (ts.isIdentifier(called) && called.text === 'require');
  return loads ? { to: specifierOf(node.arguments[0]), typeOnly: false } : undefined;
}

const trees = new WeakMap<SourceFile, ts.SourceFile>();

export function parse(file: SourceFile): ts.SourceFile {
  const tree = trees.get(file) ?? ts.createSourceFile(file.path, file.text, ts.ScriptTarget.Latest, true);
  trees.set(file, tree);
  return tree;
}

export function visit(node: ts.Node, see: (node: ts.Node) => void): void {
  see(node);
  ts.forEachChild(node, (child) => visit(child, see));
}

/** Every import of a file: static, re-exporting, dynamic, `require`, and inside types. */
export function importsOf(file: SourceFile, known: ReadonlySet<string>): Import[] {
  const found: Import[] = [];
  visit(parse(file), (node) => {
    const { to, typeOnly = false } = specifier(node) ?? {};
    if (to !== undefined) found.push({ from: file.path, to: resolve(file.path, to, known), typeOnly });
  });
  return found;
}

/** `./x.js` means x.ts or x.tsx; a workspace package means its entry. */
function resolve(from: string, to: string, known: ReadonlySet<string>): string {
  if (!to.startsWith('.')) return to;
  const path = join(dirname(from), to);
  const stem = path.replace(/\.[cm]?js$/, '');
  return [path, `${stem}.ts`, `${stem}.tsx`, `${path}/index.ts`].find((candidate) => known.has(candidate)) ?? `${stem}.ts`;
}
