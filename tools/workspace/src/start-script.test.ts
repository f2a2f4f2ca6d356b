import { readdirSync, readFileSync } from 'node:fs';
import { builtinModules, isBuiltin } from 'node:module';
import { join } from 'node:path';
import { Linter } from 'eslint';
import ts from 'typescript';
import { describe, expect, it } from 'vitest';
import { describeOldNode } from '../node-version.mjs';
import { root } from './repository.ts';

const folder = join(root, 'tools/workspace');
const entries = ['start.mjs', 'node.mjs', 'test.mjs', 'run.mjs'];

/** What an old Node parses and links before the version check has run. */
const beforeTheCheck = [...entries, 'enter.mjs', 'node-version.mjs'];

/** What keeps a text from being parsed by Node 14, which knows ES2020 and no top-level await. */
function complaintsOfNode14(text: string): string[] {
  const config: Linter.Config = { languageOptions: { ecmaVersion: 2020, sourceType: 'module' } };
  return new Linter().verify(text, config).map(({ message }) => message);
}

/** What a text imports or exports from before its first line runs. */
function staticImports(text: string): string[] {
  return ts.createSourceFile('script.mjs', text, ts.ScriptTarget.Latest).statements.flatMap((statement) => {
    if (!ts.isImportDeclaration(statement) && !ts.isExportDeclaration(statement)) return [];
    const specifier = statement.moduleSpecifier;
    return specifier !== undefined && ts.isStringLiteral(specifier) ? [specifier.text] : [];
  });
}

function readScript(file: string): string {
  return readFileSync(join(folder, file), 'utf8');
}

describe('what runs before the version check', () => {
  it.each(beforeTheCheck)('%s has only syntax that Node 14 parses', (file) => {
    expect(complaintsOfNode14(readScript(file))).toEqual([]);
  });

  it.each(['a ??= 1;', 'await 1;', 'class A { #b = 1; }', 'const a = 1_000;'])('could not be %s', (text) => {
    expect(complaintsOfNode14(text)).not.toEqual([]);
  });

  it.each(beforeTheCheck)('%s imports only its like and Node’s modules by their old names', (file) => {
    const known = [...beforeTheCheck.map((name) => `./${name}`), ...builtinModules];
    expect(staticImports(readScript(file)).filter((specifier) => !known.includes(specifier))).toEqual([]);
  });
});

describe('the scripts need no package, for none is installed yet', () => {
  const scripts = ['.', 'commands'].flatMap((below) =>
    readdirSync(join(folder, below))
      .filter((name) => name.endsWith('.mjs'))
      .map((name) => join(below, name)),
  );

  it.each(scripts)('%s', (file) => {
    const isOurs = (specifier: string): boolean => specifier.startsWith('.') || isBuiltin(specifier);
    expect(staticImports(readScript(file)).filter((specifier) => !isOurs(specifier))).toEqual([]);
  });
});

describe('the scripts of package.json', () => {
  const { scripts } = JSON.parse(readScript('../../package.json')) as { scripts: Record<string, string> };

  it.each(Object.entries(scripts))('%s replaces the shell of npm, which passes no signal on', (_name, command) => {
    expect(command).toMatch(/^exec node tools\/workspace\/(start|node|test|run)\.mjs( [a-z0-9]+)?$/);
  });
});

describe('a Node that is too old', () => {
  it.each([
    ['20.19.0', '>=20.19'],
    ['20.19', '>=20.19.0'],
    ['20.20.2', '>=20.19'],
    ['22.0.0', '>=20.19'],
    ['100.0.0', '>=20.19'],
  ])('is not %s where %s is needed', (version, range) => {
    expect(describeOldNode(version, range)).toBeUndefined();
  });

  it.each([
    ['20.18.3', '>=20.19'],
    ['20.9.0', '>=20.19'],
    ['18.20.8', '>=20.19'],
    ['14.21.3', '>=20.19'],
    ['9.11.2', '>=20.19'],
  ])('is %s where %s is needed, and is told so in one sentence', (version, range) => {
    const message = describeOldNode(version, range) ?? '';
    expect(message).toContain(`Node ${version} is too old: this needs Node 20.19 or newer.`);
    expect(message).not.toContain('\n');
  });
});
