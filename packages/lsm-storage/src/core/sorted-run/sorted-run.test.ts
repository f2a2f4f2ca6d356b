import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { CrashableFileSystem } from '../../contract/index.ts';
import { ZstdCodec } from '../../node/index.ts';
import { bytes, codeOf, text } from '../../testing/store.ts';
import { compareBytes } from '../bytes.ts';
import { runFileName } from '../file-names.ts';
import { hashKey } from '../key-hash.ts';
import { noCodec } from '../ports/codec.ts';
import type { Codec } from '../ports/codec.ts';
import type { AddedRun } from '../ports/manifest.ts';
import { MergeCursor } from '../merge-cursor.ts';
import { RunCursor } from './run-cursor.ts';
import type { CursorStart } from './run-cursor.ts';
import { writeRun } from './run-writer.ts';
import { SortedRun } from './sorted-run.ts';

type Content = readonly (readonly [key: string, value: string | undefined])[];

const PLAN = { number: 1, blockBytes: 128, firstSequence: 5, lastSequence: 50 };

async function write(disk: CrashableFileSystem, content: Content, codec: Codec, plan = PLAN): Promise<AddedRun> {
  const added = await writeRun(disk, codec, plan, async (writer) => {
    for (const [key, value] of content) {
      writer.add(bytes(key), bytes(`m${key}`), value === undefined ? undefined : bytes(value));
      await writer.drain();
    }
  });
  return added!;
}

async function open(content: Content, codec: Codec = noCodec): Promise<SortedRun> {
  const disk = new CrashableFileSystem();
  const { run, pages } = await write(disk, content, codec);
  return SortedRun.open(disk, run, pages, codec);
}

function lookUp(run: SortedRun, key: string): string | undefined {
  const found = run.mayContain(bytes(key), hashKey(bytes(key))) ? run.find(bytes(key)) : undefined;
  if (found?.value === undefined) return undefined;
  return text(found.value instanceof Uint8Array ? found.value : run.readValueSync(found.value));
}

function walk(run: SortedRun, start: CursorStart): string[] {
  const cursor = new MergeCursor([new RunCursor(run, start)], start.reverse);
  const keys: string[] = [];
  for (;;) {
    for (let wanting = cursor.wanting(); wanting !== undefined; wanting = cursor.wanting()) {
      wanting.supply(run.readEntriesSync(wanting.wants!));
    }
    const next = cursor.next();
    if (next === undefined) return keys;
    keys.push(text(next.entry.key));
  }
}

const content = fc
  .uniqueArray(fc.tuple(fc.stringMatching(/^[a-c]{0,4}$/), fc.option(fc.nat(300), { nil: undefined })), {
    selector: ([key]) => key,
    minLength: 1,
    maxLength: 50,
  })
  .map((drawn) =>
    drawn
      .map(([key, length]) => [key, length === undefined ? undefined : key.padEnd(length, 'v')] as const)
      .sort(([left], [right]) => compareBytes(bytes(left), bytes(right))),
  );

describe('sorted run', () => {
  it.each([
    ['none', noCodec],
    ['zstd', new ZstdCodec()],
  ])('answers for every key as it was written, compressed with %s', async (_, codec) => {
    await fc.assert(
      fc.asyncProperty(content, fc.stringMatching(/^[a-c]{0,5}$/), async (list, other) => {
        const run = await open(list, codec);
        for (const [key, value] of list) {
          expect(lookUp(run, key)).toBe(value);
          expect(run.mayContain(bytes(key), hashKey(bytes(key)))).toBe(true);
        }
        expect(lookUp(run, other)).toBe(new Map(list).get(other));
      }),
      { numRuns: 30 },
    );
  });

  it('is walked in either direction from any place', async () => {
    const start = fc.record({
      key: fc.option(fc.stringMatching(/^[a-c]{0,5}$/), { nil: undefined }),
      inclusive: fc.boolean(),
      reverse: fc.boolean(),
    });
    await fc.assert(
      fc.asyncProperty(content, fc.array(start, { maxLength: 4 }), async (list, starts) => {
        const run = await open(list);
        for (const { key, inclusive, reverse } of starts) {
          const keys = list
            .map(([each]) => each)
            .filter((each) => {
              if (key === undefined || (inclusive && each === key)) return true;
              return reverse ? each < key : each > key;
            });
          const from = { key: key === undefined ? undefined : bytes(key), inclusive, reverse };
          expect(walk(run, from)).toEqual(reverse ? keys.reverse() : keys);
        }
      }),
      { numRuns: 60 },
    );
  });

  it('describes itself', async () => {
    const disk = new CrashableFileSystem();
    const { run } = await write(
      disk,
      [
        ['a', 'x'],
        ['b', undefined],
        ['c', 'y'.repeat(500)],
      ],
      noCodec,
    );
    expect(run).toMatchObject({ number: 1, entries: 3, tombstones: 1, firstSequence: 5, lastSequence: 50 });
    expect([text(run.smallestKey), text(run.largestKey)]).toEqual(['a', 'c']);
    expect(run.bytes).toBe(disk.contents(runFileName(1)).length);
  });

  it('leaves no file when nothing was added, and none when it could not be filled', async () => {
    const disk = new CrashableFileSystem();
    expect(await writeRun(disk, noCodec, PLAN, async () => undefined)).toBeUndefined();
    expect(await disk.list('')).toEqual([]);
    const failing = writeRun(disk, noCodec, PLAN, () => Promise.reject(new Error('no more')));
    await expect(failing).rejects.toThrow('no more');
    expect(await disk.list('')).toEqual([]);
  });

  it('is opened only if it is the file that the manifest describes', async () => {
    const disk = new CrashableFileSystem();
    const { run, pages } = await write(disk, [['a', 'x']], noCodec);
    const original = disk.contents(runFileName(1));
    const opening = (): Promise<SortedRun> => SortedRun.open(disk, run, pages, noCodec);
    disk.place(runFileName(1), original.subarray(0, -1));
    await expect(opening()).rejects.toThrow('the manifest recorded');
    const otherDisk = new CrashableFileSystem();
    await write(otherDisk, [['a', 'y']], noCodec, { ...PLAN, lastSequence: 49 });
    disk.place(runFileName(1), otherDisk.contents(runFileName(1)));
    await expect(opening()).rejects.toThrow('not the run that the manifest recorded');
    const newer = new Uint8Array(original);
    newer[6] = 2;
    disk.place(runFileName(1), newer);
    expect(await codeOf(opening)).toBe('UNSUPPORTED_FORMAT');
    await disk.remove(runFileName(1));
    await expect(opening()).rejects.toThrow('the file is missing');
  });
});
