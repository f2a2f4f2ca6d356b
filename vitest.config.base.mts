import { defaultClientConditions, defaultServerConditions } from 'vite';
import type { ViteUserConfig } from 'vitest/config';

const source = '@kv/source';

/** Tests import sibling packages from source. Arrays replace Vite's default conditions, so the defaults are spread. */
export const base: ViteUserConfig = {
  resolve: { conditions: [source, ...defaultClientConditions] },
  ssr: { resolve: { conditions: [source, ...defaultServerConditions] } },
  test: { include: ['src/**/*.test.ts'], restoreMocks: true, watch: false, testTimeout: 30_000 },
};
