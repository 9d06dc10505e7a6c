/**
 * What the headers of files claim about themselves: folders without circles, sentences in one place, what an interface file
 * holds. Who imports whom is in imports.test.ts.
 */
import path from 'node:path';
import ts from 'typescript';
import { describe, expect, test } from 'vitest';
import { FILES, SHIPPED, SOURCES, text } from './sources.js';

const MODULES = SOURCES.filter(
  (file) => file.endsWith('.ts') && SHIPPED.some((folder) => file.startsWith(`${folder}/`)),
);

/** Each folder with the folders that its files import, and one import for each. */
function imports(files: readonly string[], read: (file: string) => string): Map<string, Map<string, string>> {
  const edges = new Map<string, Map<string, string>>();
  for (const file of files) {
    const from = path.posix.dirname(file);
    for (const [, name = ''] of read(file).matchAll(/(?:from|import)\s*\(?\s*['"](\.[^'"\n]+)['"]/g)) {
      const to = path.posix.dirname(path.posix.join(from, name));
      if (to === from) continue;
      const known = edges.get(from) ?? new Map<string, string>();
      if (!known.has(to)) known.set(to, `${file} -> ${name}`);
      edges.set(from, known);
    }
  }
  return edges;
}

/** The imports that lie on a way from a folder back to itself. */
function circles(edges: ReadonlyMap<string, ReadonlyMap<string, string>>): string[] {
  const reach = (start: string): Set<string> => {
    const seen = new Set<string>();
    const next = [start];
    for (let at = next.pop(); at !== undefined; at = next.pop()) {
      for (const to of edges.get(at)?.keys() ?? []) {
        if (seen.has(to)) continue;
        seen.add(to);
        next.push(to);
      }
    }
    return seen;
  };
  return [...edges].flatMap(([from, known]) =>
    [...known].flatMap(([to, where]) => (reach(to).has(from) ? [where] : [])),
  );
}

describe('folders', () => {
  // The files at the root of core are rooms of their own: everything there may import them, and they import what they name.
  const isRoom = (file: string): boolean => /^core\/[^/]+\.ts$/.test(file);
  const roomed = (file: string): string => (isRoom(file) ? file.replace(/\.ts$/, '/index.ts') : file);

  test('do not import one another in a circle', () => {
    const edges = new Map<string, Map<string, string>>();
    for (const file of MODULES) {
      const from = path.posix.dirname(roomed(file));
      for (const [, name = ''] of text(file).matchAll(/(?:from|import)\s*\(?\s*['"](\.[^'"\n]+)\.js['"]/g)) {
        const to = path.posix.dirname(roomed(`${path.posix.join(path.posix.dirname(file), name)}.ts`));
        if (to === from) continue;
        edges.set(from, (edges.get(from) ?? new Map<string, string>()).set(to, `${file} -> ${name}`));
      }
    }
    expect(edges.size).toBeGreaterThan(20);
    expect(circles(edges)).toEqual([]);
  });

  test('the search finds a circle', () => {
    const planted: Record<string, string> = {
      'a/x.ts': "import '../b/y.js';",
      'b/y.ts': "import '../c/z.js';",
      'c/z.ts': "import '../a/w.js';",
    };
    expect(circles(imports(Object.keys(planted), (file) => planted[file] ?? ''))).toHaveLength(3);
    delete planted['c/z.ts'];
    expect(circles(imports(Object.keys(planted), (file) => planted[file] ?? ''))).toEqual([]);
  });
});

/** Words one after the other, as in a sentence: not a flag, a path or a name. */
const SENTENCE = /(?:^|[\s"'(])[A-Za-z][a-z']+(?:,? [a-z][a-z']*){3}/;

/** Strings that read like a sentence for a person; what is thrown at a programmer is none. */
function sentences(file: string, source: string): string[] {
  const parsed = ts.createSourceFile(file, source, ts.ScriptTarget.Latest, true);
  const found: string[] = [];
  const visit = (node: ts.Node): void => {
    if (ts.isNewExpression(node) && /^(?!Securechat)\w*Error$/.test(node.expression.getText())) return;
    if (ts.isStringLiteralLike(node) || ts.isTemplateHead(node) || ts.isTemplateMiddleOrTemplateTail(node)) {
      if (SENTENCE.test(node.text)) {
        found.push(`${file}:${String(parsed.getLineAndCharacterOfPosition(node.getStart()).line + 1)}: ${node.text}`);
      }
    }
    ts.forEachChild(node, visit);
  };
  visit(parsed);
  return found;
}

describe('sentences', () => {
  /** What is written for a shell, not for a person. */
  const SCRIPTS = 'adapters/cli/completion.ts';
  const OTHERS = MODULES.filter(
    (file) => /^adapters\/(cli|library|ui|text|terminal|system|crypto)\//.test(file) && file !== SCRIPTS,
  );

  test('of the command line and of the screens are in adapters/words', () => {
    expect(OTHERS.length).toBeGreaterThan(50);
    expect(OTHERS.flatMap((file) => sentences(file, text(file)))).toEqual([]);
  });

  test('call one thing by one word', () => {
    const words = MODULES.filter((file) => file.startsWith('adapters/words/'));
    const documents = FILES.filter((file) => /^(README|docs\/[\w-]+)\.md$/.test(file));
    expect([words.length > 10, documents.length > 10]).toEqual([true, true]);
    // What follows the name of a room in its code is its secret.
    expect([...words, ...documents].filter((file) => /passphrase/i.test(text(file)))).toEqual([]);
  });

  test('the search finds one', () => {
    expect(sentences('x.ts', "const told = 'the relay is not there';")).toHaveLength(1);
    expect(sentences('x.ts', 'say(`${name}: it is not so good`);')).toHaveLength(1);
    expect(sentences('x.ts', "throw new LocalProtocolError('the relay is not there');")).toEqual([]);
  });
});

describe('the ports', () => {
  test.each(['ports.ts', 'bulk-port.ts', 'path-port.ts'])(
    '%s holds interfaces and types, and no implementation',
    (name) => {
      const parsed = ts.createSourceFile(name, text(`core/${name}`), ts.ScriptTarget.Latest, true);
      const others = parsed.statements.filter(
        (each) =>
          !ts.isInterfaceDeclaration(each) &&
          !ts.isTypeAliasDeclaration(each) &&
          !(ts.isImportDeclaration(each) && each.importClause?.phaseModifier === ts.SyntaxKind.TypeKeyword) &&
          // A brand has no value.
          !(ts.isVariableStatement(each) && each.modifiers?.some(({ kind }) => kind === ts.SyntaxKind.DeclareKeyword)),
      );
      expect(others.map((each) => each.getText().slice(0, 60))).toEqual([]);
    },
  );
});
