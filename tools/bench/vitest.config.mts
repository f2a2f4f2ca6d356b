import { mergeConfig } from 'vitest/config';
import { base } from '../../vitest.config.base.mts';

// One file after the other: what is measured shall have the machine for itself.
export default mergeConfig(base, { test: { exclude: ['README.md'], fileParallelism: false } });
