import { beforeAll, describe, expect, it } from 'vitest';
import { lintText, prepareLint } from './lint-text.ts';

beforeAll(prepareLint, 120_000);

async function complaints(path: string, specifier: string): Promise<string[]> {
  const found = await lintText(path, `import * as other from '${specifier}';\nexport const it = other;\n`);
  return found.filter(({ rule }) => rule === '@nx/enforce-module-boundaries').map(({ message }) => message);
}

describe('who may import whom', () => {
  it.each([
    ['a core package another one', 'packages/quorum/src/index.ts', '@kv/gossip'],
    ['a core package the wire', 'packages/hash-ring/src/index.ts', '@kv/wire'],
    ['a core package the member that composes it', 'packages/gossip/src/index.ts', '@kv/cluster-node'],
    ['the wire the ring', 'packages/wire/src/index.ts', '@kv/hash-ring'],
    ['the member the SDK', 'packages/cluster-node/src/index.ts', '@kv/client-sdk'],
    ['the member the simulation', 'packages/cluster-node/src/index.ts', '@kv/simulation'],
    ['the SDK the member', 'packages/client-sdk/src/index.ts', '@kv/cluster-node'],
    ['the SDK the storage engine', 'packages/client-sdk/src/index.ts', '@kv/lsm-storage'],
    ['a package an app', 'packages/cluster-node/src/index.ts', '@kv/node'],
    ['the simulation an app', 'packages/simulation/src/index.ts', '@kv/node'],
    ['an end-to-end test an app', 'test-e2e/src/index.ts', '@kv/node'],
    ['an app the simulation', 'apps/node/src/index.ts', '@kv/simulation'],
    ['an app a tool', 'apps/node/src/index.ts', '@kv/local-cluster'],
    ['a package a tool', 'packages/cluster-node/src/index.ts', '@kv/workspace'],
  ])('not %s', async (_what, path, specifier) => {
    expect(await complaints(path, specifier)).not.toEqual([]);
  });

  it('not a file of another project by its path', async () => {
    expect(await complaints('packages/quorum/src/index.ts', '../../gossip/src/index.ts')).not.toEqual([]);
  });

  it.each([
    ['the wire the versions', 'packages/wire/src/index.ts', '@kv/quorum'],
    ['the member a core package', 'packages/cluster-node/src/index.ts', '@kv/lsm-storage'],
    ['the SDK the ring', 'packages/client-sdk/src/index.ts', '@kv/hash-ring'],
    ['the simulation the member', 'packages/simulation/src/index.ts', '@kv/cluster-node'],
    ['an app the member', 'apps/node/src/index.ts', '@kv/cluster-node'],
  ])('but %s', async (_what, path, specifier) => {
    expect(await complaints(path, specifier)).toEqual([]);
  });
});
