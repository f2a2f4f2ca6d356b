/**
 * A process that is killed by one of its own calls to the disk: makes seeded writes from a number on, several at a time,
 * says the number of each as it is acknowledged, and closes the store if it lives to make the last.
 *
 *     mortal-process.ts STORE SEED FIRST LAST here|threads      where jobs are done
 */

import { inlineJobs, openStorage } from '../index.ts';
import { seededWrite } from './seeded-writes.ts';

const [, , store = '', seed, first, last, where] = process.argv;
const IN_FLIGHT = 4;

const engine = await openStorage(store, {
  memtableBytes: 48 * 1024,
  scaling: 0,
  ...(where === 'here' && { jobs: inlineJobs }),
});
const writes: Promise<void>[] = [];
for (let number = Number(first); number <= Number(last); number++) {
  writes.push(write(number));
  await writes.at(-IN_FLIGHT);
}
await Promise.all(writes);
await engine.close();

async function write(number: number): Promise<void> {
  await engine.batch(seededWrite(Number(seed), number));
  process.stdout.write(`${number}\n`);
}
