import { mergeConfig } from 'vitest/config';
import { base } from '../../vitest.config.base.mts';

// One file after the other: they build, start and stop whole workspaces.
export default mergeConfig(base, { test: { exclude: ['README.md'], fileParallelism: false } });
