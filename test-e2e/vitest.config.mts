import { mergeConfig } from 'vitest/config';
import { base } from '../vitest.config.base.mts';

// One file after the other: each starts clusters of real processes.
export default mergeConfig(base, { test: { exclude: ['README.md'], fileParallelism: false } });
