/** Closing under reads: none may go on in a file that was closed, since its descriptor may be another file's by then. */

import { describe, expect, it } from 'vitest';
import { CrashableFileSystem } from '../contract/index.ts';
import { HeldReads } from '../testing/held-reads.ts';
import { bytes, codeOf, isSettled, openOn, text } from '../testing/store.ts';
import type { StorageEngine } from './storage-engine.ts';

const OPTIONS = { blockBytes: 256, separateBytes: 100 };

const inline = (i: number): Uint8Array => bytes(`key${String(i).padStart(2, '0')}`);
const apart = (i: number): Uint8Array => bytes(`large${String(i).padStart(2, '0')}`);

/** A store of cold runs and value files, all of whose reads wait. */
async function coldStore(): Promise<{ engine: StorageEngine; reads: HeldReads }> {
  const disk = new CrashableFileSystem();
  const writer = await openOn(disk, OPTIONS);
  for (let i = 0; i < 40; i++) {
    await writer.put(inline(i), bytes(`value ${i}`));
    await writer.put(apart(i), bytes(`value ${i} `.repeat(20)));
  }
  await writer.flush();
  await writer.close();
  const reads = new HeldReads();
  const engine = await openOn(disk, OPTIONS, { wrapFileSystem: (fileSystem) => reads.wrap(fileSystem) });
  reads.hold();
  return { engine, reads };
}

describe('closing', () => {
  it('waits for reads in flight, which answer', async () => {
    const { engine, reads } = await coldStore();
    const snapshot = engine.snapshot();
    const answers = [
      engine.get(inline(3)),
      engine.getEntry(apart(4)),
      engine.has(inline(5)),
      engine.getMany([inline(20), apart(21), bytes('none')]),
      snapshot.get(apart(30)),
    ] as const;
    for (const answer of answers) expect(answer).toBeInstanceOf(Promise);
    const closing = engine.close();
    // The lookups have several reads to make, one after the other.
    for (let step = 0; step < 2; step++) {
      expect(await isSettled(closing)).toBe(false);
      expect(reads.closedUnderRead).toEqual([]);
      reads.releaseHeld();
    }
    reads.release();
    await closing;
    const [value, entry, has, many, old] = answers;
    expect(text((await value)!)).toBe('value 3');
    expect(text((await entry)!.value!)).toBe('value 4 '.repeat(20));
    expect(await has).toBe(true);
    expect((await many).map((each) => each && text(each))).toEqual(['value 20', 'value 21 '.repeat(20), undefined]);
    expect(text((await old)!)).toBe('value 30 '.repeat(20));
    expect(reads).toMatchObject({ closedUnderRead: [], readsOfClosed: [] });
    snapshot.release();
  });

  it('gives up a verification under way between two reads, and waits for that', async () => {
    const { engine, reads } = await coldStore();
    const verifying = codeOf(() => engine.verify());
    expect(await isSettled(verifying)).toBe(false);
    const closing = engine.close();
    expect(await isSettled(closing)).toBe(false);
    reads.release();
    await closing;
    expect(await verifying).toBe('CLOSED');
    expect(reads).toMatchObject({ closedUnderRead: [], readsOfClosed: [] });
  });

  it('gives up a checkpoint under way, whose files it closes after their reads', async () => {
    const { engine, reads } = await coldStore();
    const making = codeOf(() => engine.checkpoint('kept'));
    expect(await isSettled(making)).toBe(false);
    const closing = engine.close();
    expect(await isSettled(closing)).toBe(false);
    reads.release();
    await closing;
    expect(await making).toBe('CLOSED');
    expect(reads).toMatchObject({ closedUnderRead: [], readsOfClosed: [] });
  });

  it('waits for a read that fails, too', async () => {
    const { engine, reads } = await coldStore();
    const reading = codeOf(() => engine.get(inline(3)));
    const closing = engine.close();
    expect(await isSettled(closing)).toBe(false);
    reads.failHeld();
    expect(await reading).toBe('IO_ERROR');
    await closing;
  });
});
