/** A node runs the parts of production, whatever its configuration: nothing of the simulator can get into it. */
import { fileURLToPath } from 'node:url';
import { ClusterNode } from '@kv/cluster-node';
import { build } from 'vite';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { configSchema } from './config.ts';
import { TestCluster } from './testing/test-cluster.ts';

const folder = fileURLToPath(new URL('..', import.meta.url));

afterEach(() => vi.restoreAllMocks());

describe('a node', () => {
  it('hands its member no strategies: the defaults run', async () => {
    const open = vi.spyOn(ClusterNode, 'open');
    const cluster = await TestCluster.start({ nodes: 1 });
    await cluster.close();
    expect(open).toHaveBeenCalledTimes(1);
    const [ports, config, ...more] = open.mock.calls[0] ?? [];
    expect(more).toEqual([]);
    expect(Object.keys(config ?? {}).sort()).toEqual(['create', 'nodeId', 'options', 'topology']);
    expect(config?.options).toEqual({
      requestBytes: 64 * 1024 * 1024,
      requestBytesPerClient: 32 * 1024 * 1024,
      storage: { memoryBudget: 16 * 1024 * 1024 },
    });
    expect(ports?.fileSystem.constructor.name).toBe('NodeFileSystem');
  });

  it('has no option that could ask for any', () => {
    const options = Object.keys(configSchema.shape).join(' ');
    expect(options).not.toMatch(/bug|strateg|simul|fault|inject|unsafe|debug|test/i);
  });

  it('contains nothing of the simulator, from its main file down', async () => {
    const result = await build({
      root: folder,
      configFile: false,
      logLevel: 'silent',
      resolve: { conditions: ['@kv/source'] },
      ssr: { noExternal: [/^@kv\//], resolve: { conditions: ['@kv/source'] } },
      build: { write: false, minify: false, target: 'es2023', ssr: `${folder}/src/main.ts` },
    });
    const [output] = [result].flat();
    if (output === undefined || !('output' in output)) throw new Error('the build gave no output');
    const chunks = output.output.filter((part) => part.type === 'chunk');
    const files = chunks.flatMap(({ modules }) => Object.keys(modules));
    const imports = chunks.flatMap((chunk) => [...chunk.imports, ...chunk.dynamicImports]);
    expect(files.some((file) => file.endsWith('cluster-node/src/cluster-node.ts'))).toBe(true);
    expect(files.filter((file) => /packages\/simulation|planted|\/contract\//.test(file))).toEqual([]);
    expect(imports.filter((name) => name.startsWith('@kv/'))).toEqual([]);
  });
});
