import { mergeConfig } from 'vitest/config';
import { base } from '../../vitest.config.base.mts';

/** What lies in `testing` is named like a test because only tests may use fast-check, but holds none. */
export default mergeConfig(base, { test: { exclude: ['src/testing/**'] } });
