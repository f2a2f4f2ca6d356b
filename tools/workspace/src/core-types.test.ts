import { existsSync } from 'node:fs';
import { join } from 'node:path';
import ts from 'typescript';
import { describe, expect, it } from 'vitest';
import { corePackages, coreSource, root } from './repository.ts';

/** What Node and the browsers offer and a core package must not see. */
const strangers = [
  'process',
  'Buffer',
  'setTimeout',
  'setInterval',
  'setImmediate',
  'queueMicrotask',
  'performance',
  'fetch',
  'crypto',
  'console',
  'require',
  '__dirname',
  'window',
  'WebSocket',
] as const;

const present = corePackages.filter((name) => existsSync(join(root, coreSource(name), 'index.ts')));

/** The names that the compiler does not know in a new file of the package, with the package's own configuration. */
function unknownNames(name: string): string[] {
  const config = name === 'lsm-storage' ? 'tsconfig.core.json' : 'tsconfig.lib.json';
  const parsed = readConfig(join(root, 'packages', name, config));
  const fixture = join(root, coreSource(name), 'fixture-of-strangers.ts');
  const text = strangers.map((stranger) => `void ${stranger};`).join('\n');
  const options = { ...parsed.options, composite: false, incremental: false, noEmit: true };
  const host = withFile(ts.createCompilerHost(options), fixture, text);
  // The package's own files come along: one of them could bring Node's types in for all.
  const program = ts.createProgram([...parsed.fileNames, fixture], options, host);
  const messages = program
    .getSemanticDiagnostics(program.getSourceFile(fixture))
    .map(({ messageText }) => ts.flattenDiagnosticMessageText(messageText, '\n'));
  return strangers.filter((stranger) =>
    messages.some((message) => message.startsWith(`Cannot find name '${stranger}'`)),
  );
}

function readConfig(path: string): ts.ParsedCommandLine {
  const host: ts.ParseConfigFileHost = {
    ...ts.sys,
    onUnRecoverableConfigFileDiagnostic: ({ messageText }) => {
      throw new Error(ts.flattenDiagnosticMessageText(messageText, '\n'));
    },
  };
  const parsed = ts.getParsedCommandLineOfConfigFile(path, undefined, host);
  if (parsed === undefined) throw new Error(`cannot read ${path}`);
  return parsed;
}

function withFile(host: ts.CompilerHost, path: string, text: string): ts.CompilerHost {
  return {
    ...host,
    fileExists: (name) => name === path || host.fileExists(name),
    readFile: (name) => (name === path ? text : host.readFile(name)),
    getSourceFile: (name, target) =>
      name === path ? ts.createSourceFile(name, text, target) : host.getSourceFile(name, target),
  };
}

describe('the types of Node and browsers', () => {
  it.each(present)('are unknown in %s', (name) => {
    expect(unknownNames(name)).toEqual(strangers);
  });

  it('are known where the engine touches Node, so that this test would see them', () => {
    const { options } = readConfig(join(root, 'packages/lsm-storage/tsconfig.lib.json'));
    expect(options.types).toContain('node');
  });
});
