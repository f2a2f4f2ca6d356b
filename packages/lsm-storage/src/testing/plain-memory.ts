/** Runs before each test file: Node's part gives out Buffers, to the whole process, and one of its tests may have run. */

import { accelerateAllocation } from '../core/index.ts';

accelerateAllocation((length) => new Uint8Array(length));
