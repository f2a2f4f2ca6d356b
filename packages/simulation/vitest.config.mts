import { mergeConfig } from 'vitest/config';
import { base } from '../../vitest.config.base.mts';

// Whole runs take half a second of processor time each; on a busy machine that is a while.
export default mergeConfig(base, { test: { testTimeout: 300_000 } });
