import { mergeConfig } from 'vitest/config';
import { base } from '../../vitest.config.base.mts';

// Its README is run by the end-to-end tests, against a real cluster.
export default mergeConfig(base, { test: { exclude: ['README.md'] } });
