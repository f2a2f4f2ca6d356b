import { existsSync } from 'node:fs';
import { builtinModules } from 'node:module';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { lintText, prepareLint } from './lint-text.ts';
import { corePackages, coreSource, root } from './repository.ts';

const present = corePackages.filter((name) => existsSync(join(root, coreSource(name), 'index.ts')));

/** Each ban with a line that breaks it; all are linted as one text per package. */
const bans = [
  { what: 'Date', line: 'export const a = Date.now();', rule: 'no-restricted-globals' },
  { what: 'performance', line: 'export const b = performance.now();', rule: 'no-restricted-globals' },
  { what: 'Math.random', line: 'export const c = Math.random();', rule: 'no-restricted-properties' },
  { what: 'setTimeout', line: 'setTimeout(() => {}, 1);', rule: 'no-restricted-globals' },
  { what: 'setInterval', line: 'setInterval(() => {}, 1);', rule: 'no-restricted-globals' },
  { what: 'setImmediate', line: 'setImmediate(() => {});', rule: 'no-restricted-globals' },
  { what: 'queueMicrotask', line: 'queueMicrotask(() => {});', rule: 'no-restricted-globals' },
  { what: 'process', line: 'export const d = process.pid;', rule: 'no-restricted-globals' },
  { what: 'Buffer', line: 'export const e = Buffer.alloc(1);', rule: 'no-restricted-globals' },
  { what: 'globalThis', line: 'export const f = globalThis;', rule: 'no-restricted-globals' },
  { what: 'fetch', line: "export const g = fetch('http://localhost');", rule: 'no-restricted-globals' },
  { what: 'WebSocket', line: "export const h = new WebSocket('ws://localhost');", rule: 'no-restricted-globals' },
  { what: 'crypto', line: 'export const i = crypto.randomUUID();', rule: 'no-restricted-globals' },
  { what: 'Intl', line: 'export const ia = new Intl.DateTimeFormat();', rule: 'no-restricted-globals' },
  { what: 'eval', line: "export const ib = eval('Date.now()') as number;", rule: 'no-restricted-globals' },
  { what: 'Function', line: "export const ic = new Function('return Date.now()');", rule: 'no-restricted-globals' },
  { what: 'toLocaleString', line: 'export const id = (1).toLocaleString();', rule: 'no-restricted-properties' },
  { what: 'localeCompare', line: "export const ie = 'a'.localeCompare('b');", rule: 'no-restricted-properties' },
  { what: 'toLocaleUpperCase', line: "export const ig = 'a'.toLocaleUpperCase();", rule: 'no-restricted-properties' },
  { what: 'toLocaleLowerCase', line: "export const ih = 'A'.toLocaleLowerCase();", rule: 'no-restricted-properties' },
  { what: 'node:fs', line: "export * as j from 'node:fs';", rule: 'no-restricted-imports' },
  { what: 'fs', line: "export * as k from 'fs';", rule: 'no-restricted-imports' },
  { what: 'fs/promises', line: "export * as l from 'fs/promises';", rule: 'no-restricted-imports' },
  { what: 'timers', line: "export * as m from 'timers';", rule: 'no-restricted-imports' },
  { what: 'node:test', line: "export * as n from 'node:test';", rule: 'no-restricted-imports' },
] as const;

/** The modules that this Node has, and those that only a newer one knows. */
const nodeModules = [...builtinModules.filter((name) => !name.startsWith('_')), 'sea', 'sqlite', 'test'];

const fixture = bans.map(({ line }) => line).join('\n');

beforeAll(prepareLint, 120_000);

describe('the determinism bans', () => {
  it('are tested in every core package that exists', () => {
    expect(present.length).toBeGreaterThanOrEqual(6);
  });

  it.each(present)('bite in %s', async (name) => {
    const found = await lintText(`${coreSource(name)}/index.ts`, fixture);
    const expected = bans.map(({ what, rule }) => `${rule}: ${what}`);
    const seen = bans
      .filter(({ what, rule }) =>
        found.some((complaint) => complaint.rule === rule && mentions(complaint.message, what)),
      )
      .map(({ what, rule }) => `${rule}: ${what}`);
    expect(seen).toEqual(expected);
  });

  it.each(present)('refuse every module of Node in %s, by both of its names', async (name) => {
    const names = nodeModules.flatMap((module) => [module, `node:${module}`]);
    const lines = names.map((module, index) => `export * as m${index} from '${module}';`);
    const found = await lintText(`${coreSource(name)}/index.ts`, lines.join('\n'));
    expect(names.filter((module) => !found.some(({ message }) => mentions(message, module)))).toEqual([]);
  });

  it('do not bite where the engine touches Node, nor in tests', async () => {
    const paths = ['packages/lsm-storage/src/node/index.ts', 'apps/node/src/index.ts', 'packages/wire/src/a.test.ts'];
    for (const path of paths) expect(await lintText(path, fixture)).toEqual([]);
  });
});

/** Rules name what they refuse in quotes: 'Date', 'Math.random', 'node:fs'. */
function mentions(message: string, what: string): boolean {
  return message.includes(`'${what}'`);
}
