import { mergeConfig } from 'vitest/config';
import { base } from '../../vitest.config.base.mts';

// One file after the other: they start processes on ports that they found free.
export default mergeConfig(base, { test: { exclude: ['README.md'], fileParallelism: false } });
