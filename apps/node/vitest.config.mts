import { mergeConfig } from 'vitest/config';
import { base } from '../../vitest.config.base.mts';

// One file after the other: each starts nodes on ports that it found free.
export default mergeConfig(base, { test: { exclude: ['README.md'], fileParallelism: false } });
