import { availableParallelism } from 'node:os';
import { defaultClientConditions, defaultServerConditions } from 'vite';
import type { ViteUserConfig } from 'vitest/config';
import { readmeTests } from './tools/workspace/src/readme-tests.ts';

const source = '@kv/source';

/**
 * Tests import sibling packages from source, and a package's README is a test file too. Arrays replace Vite's default
 * conditions, so the defaults are spread. Files run on all processors: Vitest by itself leaves one of two idle. They share
 * their modules, which saves half a second a file; no test here changes a module for the next.
 */
export const base: ViteUserConfig = {
  plugins: [readmeTests()],
  resolve: { conditions: [source, ...defaultClientConditions] },
  ssr: { resolve: { conditions: [source, ...defaultServerConditions] } },
  test: {
    include: ['src/**/*.test.ts', 'README.md'],
    restoreMocks: true,
    watch: false,
    testTimeout: 30_000,
    maxWorkers: availableParallelism(),
    isolate: false,
  },
};
