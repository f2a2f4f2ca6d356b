import { mergeConfig } from 'vitest/config';
import { base } from '../../vitest.config.base.mts';

// Files of src/testing are what tests share, not tests.
export default mergeConfig(base, { test: { exclude: ['src/testing/**'] } });
