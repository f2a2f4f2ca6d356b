/**
 * A process to be killed: opens the store in the directory given as its argument, says "open", then writes ever
 * further keys and says the number of each as it is acknowledged.
 */

import { openStorage } from '../index.ts';

const [, , directory = ''] = process.argv;
const engine = await openStorage(directory, { memtableBytes: 64 * 1024, scaling: 0 });
process.stdout.write('open\n');
const value = new Uint8Array(1000).fill(7);
const first = engine.stats().durableSequence;
for (let i = first; ; i++) {
  await engine.put(new TextEncoder().encode(`key${String(i).padStart(8, '0')}`), value);
  process.stdout.write(`${i}\n`);
}
