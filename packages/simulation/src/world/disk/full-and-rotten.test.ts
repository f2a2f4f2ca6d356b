/** A disk that is full takes nothing and loses nothing; one that rots gives wrong bytes and no error. */
import type { FileSystem } from '@kv/lsm-storage/core';
import { describe, expect, it } from 'vitest';
import type { Machine } from '../machine.ts';
import { SeededRandom } from '../seeded-random.ts';
import { World } from '../world.ts';
import type { RotRules } from './bit-rot.ts';
import { processCrash } from './crash.ts';

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);
const textOf = (found: Uint8Array): string => new TextDecoder().decode(found);
const pageBytes = 4;

interface Given {
  readonly machine: Machine;
  readonly files: FileSystem;
  /** Runs `work` in virtual time and returns what it returns. */
  readonly on: <T>(work: () => Promise<T>) => Promise<T>;
  readonly contents: (path: string) => Promise<string>;
}

function given(): Given {
  const world = new World({ seed: 1 });
  const machine = world.machine('a', { disk: { pageBytes } });
  machine.start();
  const on = async <T>(work: () => Promise<T>): Promise<T> => {
    let settled = false;
    const promise = work().finally(() => (settled = true));
    promise.catch(() => undefined);
    await world.run(60_000, () => settled);
    return promise;
  };
  const files = machine.fileSystem();
  const contents = (path: string): Promise<string> =>
    on(async () => {
      const file = await machine.fileSystem().open(path, 'read');
      return textOf(await file.read(0, await file.size()));
    });
  return { machine, files, on, contents };
}

async function write(files: FileSystem, path: string, ...texts: string[]): Promise<void> {
  const file = await files.open(path, 'create');
  let at = 0;
  for (const text of texts) {
    await file.write(at, [bytes(text)]);
    await file.sync();
    at += text.length;
  }
  await file.close();
}

describe('a disk that is full', () => {
  it('takes as many pages as it has, and of the write that needs more, what comes before them', async () => {
    const { machine, files, on, contents } = given();
    machine.disk.space.limit(2);
    await on(() => write(files, 'x', 'abc'));
    await expect(on(() => write(files, 'y', '0123456789'))).rejects.toMatchObject({ code: 'DISK_FULL' });
    expect(await contents('x')).toBe('abc');
    expect(await contents('y')).toBe('0123');
  });

  it('makes no further names, writes over what it has, and lengthens a file without writing to it', async () => {
    const { machine, files, on, contents } = given();
    await on(() => write(files, 'x', 'abcd'));
    machine.disk.space.limit(0);
    await expect(on(() => files.open('y', 'create'))).rejects.toMatchObject({ code: 'DISK_FULL' });
    await expect(on(() => files.createDirectory('d'))).rejects.toMatchObject({ code: 'DISK_FULL' });
    await expect(on(() => files.link('x', 'z'))).rejects.toMatchObject({ code: 'DISK_FULL' });
    const file = await on(() => files.open('x', 'modify'));
    await on(() => file.write(1, [bytes('BC')]));
    await on(() => file.truncate(100));
    await expect(on(() => file.write(50, [bytes('e')]))).rejects.toMatchObject({ code: 'DISK_FULL' });
    expect((await contents('x')).slice(0, 5)).toBe('aBCd\0');
    expect(machine.disk.space.hasRefused).toBe(true);
  });

  it('has room again when a file is removed, replaced or cut short, or the shortage ends', async () => {
    const { machine, files, on } = given();
    await on(() => write(files, 'x', 'abcdefgh'));
    await on(() => write(files, 'y', 'abcd'));
    await on(() => write(files, 'z', 'abcd'));
    machine.disk.space.limit(0);
    const works = (path: string): Promise<boolean> =>
      on(() => write(files, path, 'abcd')).then(
        () => true,
        () => false,
      );
    expect(await works('one')).toBe(false);
    await on(() => files.rename('y', 'z'));
    expect(await works('two')).toBe(true);
    const file = await on(() => files.open('x', 'modify'));
    await on(() => file.truncate(4));
    expect(await works('three')).toBe(true);
    expect(await works('four')).toBe(false);
    await on(() => files.remove('x'));
    expect(await works('five')).toBe(true);
    machine.disk.space.lift();
    expect(await works('six')).toBe(true);
  });
});

describe('a disk that rots', () => {
  const rules: RotRules = { mayBeTorn: (path) => path === 'log' };
  const differing = (a: string, b: string): number[] => [...a].flatMap((text, at) => (text === b[at] ? [] : [at]));

  it('has one bit turned over, for whoever reads and after every crash', async () => {
    const { machine, files, on, contents } = given();
    await on(() => write(files, 'x', 'abcdefghijklmnop'));
    machine.disk.rot.turnOne(machine.disk.files(), new SeededRandom(1), rules);
    expect(machine.disk.rot.happened).toBe(true);
    const found = await contents('x');
    expect(differing(found, 'abcdefghijklmnop')).toHaveLength(1);
    await on(() => files.syncDirectory(''));
    machine.crash(processCrash);
    machine.start();
    expect(await contents('x')).toBe(found);
  });

  it('spares what a crash may have torn: the last synced write of such a file, and what is not synced', async () => {
    const { machine, files, on, contents } = given();
    await on(() => write(files, 'log', 'first-', 'second'));
    const file = await on(() => files.open('log', 'modify'));
    await on(() => file.write(12, [bytes('third')]));
    const random = new SeededRandom(2);
    for (let bit = 0; bit < 200; bit += 1) machine.disk.rot.turnOne(machine.disk.files(), random, rules);
    expect((await contents('log')).slice(6)).toBe('secondthird');
    expect((await contents('log')).slice(0, 6)).not.toBe('first-');
  });

  it('has nothing to rot where nothing was synced', async () => {
    const { machine, files, on } = given();
    machine.disk.rot.turnOne(machine.disk.files(), new SeededRandom(1), rules);
    await on(() => write(files, 'log', 'only'));
    machine.disk.rot.turnOne(machine.disk.files(), new SeededRandom(1), rules);
    expect(machine.disk.rot.happened).toBe(false);
  });

  it('may bring a wrong bit with one read and the right one with the next', async () => {
    const { machine, files, on, contents } = given();
    await on(() => write(files, 'x', 'abcdefgh'));
    machine.disk.rot.beginReads(new SeededRandom(3), 0.5, rules);
    const found: string[] = [];
    for (let read = 0; read < 40; read += 1) found.push(await contents('x'));
    expect(new Set(found.map((text) => differing(text, 'abcdefgh').length))).toEqual(new Set([0, 1]));
    machine.disk.rot.endReads();
    expect(await contents('x')).toBe('abcdefgh');
  });
});

describe('a disk that is wiped', () => {
  it('holds nothing, and knows that it did', async () => {
    const { machine, files, on } = given();
    await on(() => write(files, 'x', 'abc'));
    await on(() => files.syncDirectory(''));
    machine.crash(processCrash);
    machine.disk.wipe();
    machine.start();
    expect(await on(() => machine.fileSystem().list(''))).toEqual([]);
    expect(machine.disk.wiped).toBe(true);
  });
});
