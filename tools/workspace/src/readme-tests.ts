/**
 * Makes a README a test file: each fenced `ts` block runs as a module of its own, and what it logs must be what its
 * `// →` comments say, in order. A vite plugin, so that packages need no code for it and import nothing.
 */
import { readFileSync } from 'node:fs';
import type { Plugin } from 'vite';

const fencedBlock = /^```ts\n([\s\S]*?)^```$/gm;
const expectation = /\/\/ → (.*)$/gm;
/** The cluster of `npm start`; where `KV_URL` names another one, the blocks use that. */
const clusterOfStart = /'kv:\/\/127\.0\.0\.1:7400[^']*'/g;

export function readmeTests(): Plugin {
  return {
    name: 'kv-readme-tests',
    enforce: 'pre',
    load(id) {
      const [path = '', query] = id.split('?', 2);
      if (!path.endsWith('README.md')) return undefined;
      const blocks = [...readFileSync(path, 'utf8').matchAll(fencedBlock)].map(([, code = '']) => code);
      const number = /^block=(\d+)/.exec(query ?? '')?.[1];
      if (number === undefined) return testModule(path, blocks);
      return blocks[Number(number)]?.replace(clusterOfStart, (literal) => `(process.env['KV_URL'] ?? ${literal})`);
    },
  };
}

/** A module that registers one test per block. The query ends in `.ts`, so that vite takes the block for TypeScript. */
function testModule(path: string, blocks: readonly string[]): string {
  const tests = blocks.map((code, number) => {
    const expected = [...code.matchAll(expectation)].map(([, text = '']) => text.trim());
    const url = JSON.stringify(`${path}?block=${number}&lang.ts`);
    return `test('README example ${number + 1}', { timeout: 60_000 }, async () => {
      const logged = [];
      const log = vi.spyOn(console, 'log').mockImplementation((...values) => void logged.push(format(...values)));
      try { await import(${url}); } finally { log.mockRestore(); }
      expect(logged).toEqual(${JSON.stringify(expected)});
    });`;
  });
  return ["import { format } from 'node:util';", "import { expect, test, vi } from 'vitest';", ...tests].join('\n');
}
