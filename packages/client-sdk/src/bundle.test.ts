/** What a bundler takes into a program that connects: the client, and nothing of a coordinator. */
import { fileURLToPath } from 'node:url';
import { build } from 'vite';
import { describe, expect, it } from 'vitest';

const folder = fileURLToPath(new URL('..', import.meta.url));

interface Bundle {
  readonly code: string;
  /** Source files of which anything is left, relative to `packages/`. */
  readonly files: readonly string[];
}

/** Bundles an entry of this package's source as a program that uses all of its exports would. */
async function bundle(entry: string): Promise<Bundle> {
  const result = await build({
    root: folder,
    configFile: false,
    logLevel: 'silent',
    resolve: { conditions: ['@kv/source'] },
    build: {
      write: false,
      minify: false,
      target: 'es2023',
      lib: { entry: `${folder}/src/${entry}`, formats: ['es'] },
      rollupOptions: { external: /^node:/ },
    },
  });
  const [output] = [result].flat();
  if (output === undefined || !('output' in output)) throw new Error('the build gave no output');
  const chunks = output.output.filter((part) => part.type === 'chunk');
  const files = chunks.flatMap(({ modules }) =>
    Object.entries(modules).flatMap(([id, { renderedLength }]) => (renderedLength > 0 ? [id] : [])),
  );
  return {
    code: chunks.map(({ code }) => code).join('\n'),
    files: files.map((id) => id.replace(/^.*\/packages\//, '')).sort(),
  };
}

describe('a bundle of the client', () => {
  it('holds no coordinator', async () => {
    const { code, files } = await bundle('node/index.ts');
    expect(files).toContain('client-sdk/src/core/request-run.ts');
    expect(files).toContain('wire/src/frame.ts');
    const quorum = files.filter((file) => file.startsWith('quorum/'));
    expect(quorum).toContain('quorum/src/hybrid-logical-clock.ts');
    for (const part of ['write-operation', 'read-operation', 'tally', 'request-ledger']) {
      expect(quorum).not.toContain(`quorum/src/${part}.ts`);
    }
    expect(code).not.toMatch(/class (WriteOperation|ReadOperation|RequestLedger|Tally)\b/);
  });

  it('holds only packages that it may import', async () => {
    const { files } = await bundle('node/index.ts');
    const packages = new Set(files.map((file) => file.split('/')[0]));
    expect([...packages].sort()).toEqual(['client-sdk', 'hash-ring', 'quorum', 'wire']);
  });

  it('without Node imports nothing of Node', async () => {
    const { code } = await bundle('core/index.ts');
    expect(code).not.toMatch(/from ['"]node:/);
    expect(code).not.toMatch(/\b(?:process|Buffer|require)\b\s*[.(]/);
  });
});
