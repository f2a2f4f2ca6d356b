/** What the engine relies on in a file system. */

import type { FileSystem, StorageFile } from '../core/index.ts';
import { codeOf, withSubject } from './primitives.ts';
import type { SubjectFactory, TestPrimitives } from './primitives.ts';

/** The factory gives file systems with an empty root. */
export function fileSystemContract(primitives: TestPrimitives, factory: SubjectFactory<FileSystem>): void {
  const { describe, it, expect } = primitives;
  const test = (name: string, body: (fileSystem: FileSystem) => Promise<void>): void =>
    it(name, () => withSubject(factory, body));

  describe('file system: files', () => {
    test('reads back what was written, at any position', async (fileSystem) => {
      const file = await created(fileSystem, 'a', [1, 2, 3, 4, 5]);
      expect([...(await file.read(1, 3))]).toEqual([2, 3, 4]);
      expect([...file.readSync(1, 3)]).toEqual([2, 3, 4]);
      await file.write(2, [Uint8Array.of(9)]);
      expect([...file.readSync(0, 5)]).toEqual([1, 2, 9, 4, 5]);
      await file.close();
    });

    test('reads fewer bytes only at the end', async (fileSystem) => {
      const file = await created(fileSystem, 'a', [1, 2, 3]);
      expect([...(await file.read(2, 10))]).toEqual([3]);
      expect([...file.readSync(2, 10)]).toEqual([3]);
      expect((await file.read(3, 10)).length).toBe(0);
      expect(file.readSync(50, 10).length).toBe(0);
      expect(await file.size()).toBe(3);
      await file.close();
    });

    test('reads the same into memory that it is given', async (fileSystem) => {
      const file = await created(fileSystem, 'a', [1, 2, 3]);
      const memory = new Uint8Array(10).fill(7);
      expect([...file.readSync(1, 2, memory)]).toEqual([2, 3]);
      expect([...file.readSync(1, 10, memory)]).toEqual([2, 3]);
      expect([...memory]).toEqual([2, 3, ...new Array<number>(8).fill(7)]);
      expect([...(await file.read(0, 2, memory))]).toEqual([1, 2]);
      expect([...(await file.read(0, 10, memory))]).toEqual([1, 2, 3]);
      expect([...memory]).toEqual([1, 2, 3, ...new Array<number>(7).fill(7)]);
      await file.close();
    });

    test('gives bytes away: changing them changes no file', async (fileSystem) => {
      const file = await created(fileSystem, 'a', [1, 2, 3]);
      file.readSync(0, 3).fill(7);
      (await file.read(0, 3)).fill(7);
      expect([...file.readSync(0, 3)]).toEqual([1, 2, 3]);
      await file.close();
    });

    test('writes many chunks one behind the other, empty ones included', async (fileSystem) => {
      const file = await created(fileSystem, 'a', []);
      const chunks = Array.from({ length: 3000 }, (_, i) => new Uint8Array(i % 3).fill(i % 251));
      await file.write(10, chunks);
      const expected = chunks.flatMap((chunk) => [...chunk]);
      expect(await file.size()).toBe(10 + expected.length);
      expect([...file.readSync(10, expected.length)]).toEqual(expected);
      await file.close();
    });

    test('writes much at once as it writes little', async (fileSystem) => {
      const file = await created(fileSystem, 'a', []);
      for (const length of [65_535, 65_536, 65_537, 200_000]) {
        const bytes = Uint8Array.from({ length }, (_, i) => (i * 31 + length) % 251);
        await file.write(3, [bytes.subarray(0, 100), bytes.subarray(100)]);
        const found = file.readSync(3, length + 1).subarray(0, length);
        expect(found.length === length && found.every((byte, i) => byte === bytes[i])).toBe(true);
      }
      await file.close();
    });

    test('fills a gap with zeros, also where a truncated end was', async (fileSystem) => {
      const file = await created(fileSystem, 'a', [1, 2, 3, 4]);
      await file.truncate(1);
      expect(await file.size()).toBe(1);
      await file.write(5, [Uint8Array.of(6)]);
      expect([...file.readSync(0, 10)]).toEqual([1, 0, 0, 0, 0, 6]);
      await file.truncate(8);
      expect([...file.readSync(0, 10)]).toEqual([1, 0, 0, 0, 0, 6, 0, 0]);
      await file.sync();
      await file.close();
    });

    test('keeps to the mode it was opened in', async (fileSystem) => {
      await (await created(fileSystem, 'a', [1])).close();
      expect(await codeOf(() => fileSystem.open('a', 'create'))).toBe('ALREADY_EXISTS');
      expect(await codeOf(() => fileSystem.open('b', 'read'))).toBe('NOT_FOUND');
      expect(await codeOf(() => fileSystem.open('b', 'modify'))).toBe('NOT_FOUND');
      const reader = await fileSystem.open('a', 'read');
      expect(await codeOf(() => reader.write(0, [Uint8Array.of(2)]))).toBe('IO_ERROR');
      const writer = await fileSystem.open('a', 'modify');
      await writer.write(0, [Uint8Array.of(3)]);
      expect([...reader.readSync(0, 1)]).toEqual([3]);
      await reader.close();
      await writer.close();
    });

    test('refuses a closed file, and closing twice is no error', async (fileSystem) => {
      const file = await created(fileSystem, 'a', [1]);
      await file.close();
      await file.close();
      expect(await codeOf(() => file.readSync(0, 1))).toBe('IO_ERROR');
      expect(await codeOf(() => file.read(0, 1))).toBe('IO_ERROR');
      expect(await codeOf(() => file.write(0, [Uint8Array.of(1)]))).toBe('IO_ERROR');
      expect(await codeOf(() => file.sync())).toBe('IO_ERROR');
    });
  });

  describe('file system: names', () => {
    test('lists names sorted by code unit', async (fileSystem) => {
      for (const name of ['b', 'a', 'Z', '10', '9']) await (await created(fileSystem, name, [])).close();
      expect(await fileSystem.list('')).toEqual(['10', '9', 'Z', 'a', 'b']);
      expect(await fileSystem.list('.')).toEqual(['10', '9', 'Z', 'a', 'b']);
    });

    test('makes directories, and does not mind one that is there', async (fileSystem) => {
      await fileSystem.createDirectory('d');
      await fileSystem.createDirectory('d');
      await (await created(fileSystem, 'd/f', [1])).close();
      expect(await fileSystem.list('')).toEqual(['d']);
      expect(await fileSystem.list('d')).toEqual(['f']);
      expect(await fileSystem.exists('d/f')).toBe(true);
      await fileSystem.syncDirectory('d');
      await fileSystem.syncDirectory('');
      await fileSystem.syncDirectory('.');
    });

    test('removes a directory that is empty, and no other', async (fileSystem) => {
      await fileSystem.createDirectory('d');
      await (await created(fileSystem, 'd/f', [1])).close();
      expect(await codeOf(() => fileSystem.removeDirectory('d'))).toBe('IO_ERROR');
      expect(await fileSystem.list('d')).toEqual(['f']);
      await fileSystem.remove('d/f');
      await fileSystem.removeDirectory('d');
      expect(await fileSystem.list('')).toEqual([]);
      expect(await codeOf(() => fileSystem.removeDirectory('d'))).toBe('NOT_FOUND');
    });

    test('renames over a file that is there', async (fileSystem) => {
      await (await created(fileSystem, 'from', [1])).close();
      await (await created(fileSystem, 'to', [2])).close();
      await fileSystem.rename('from', 'to');
      expect(await fileSystem.list('')).toEqual(['to']);
      const file = await fileSystem.open('to', 'read');
      expect([...file.readSync(0, 2)]).toEqual([1]);
      await file.close();
    });

    test('links a second name to a file, which stays when the first goes', async (fileSystem) => {
      const file = await created(fileSystem, 'a', [1, 2]);
      await fileSystem.createDirectory('d');
      await fileSystem.link('a', 'd/b');
      const linked = await fileSystem.open('d/b', 'modify');
      await file.write(1, [Uint8Array.of(3)]);
      expect([...linked.readSync(0, 9)]).toEqual([1, 3]);
      await fileSystem.remove('a');
      expect(await fileSystem.list('')).toEqual(['d']);
      expect([...(await linked.read(0, 9))]).toEqual([1, 3]);
      await fileSystem.syncDirectory('d');
      await file.close();
      await linked.close();
    });

    test('links over nothing', async (fileSystem) => {
      await (await created(fileSystem, 'a', [1])).close();
      await (await created(fileSystem, 'b', [2])).close();
      expect(await codeOf(() => fileSystem.link('a', 'b'))).toBe('ALREADY_EXISTS');
      expect(await codeOf(() => fileSystem.link('a', 'a'))).toBe('ALREADY_EXISTS');
      expect(await codeOf(() => fileSystem.link('missing', 'c'))).toBe('NOT_FOUND');
      expect(await fileSystem.list('')).toEqual(['a', 'b']);
    });

    test('removes a name; who has the file open reads on', async (fileSystem) => {
      const file = await created(fileSystem, 'a', [1, 2]);
      await fileSystem.remove('a');
      expect(await fileSystem.exists('a')).toBe(false);
      expect([...file.readSync(0, 2)]).toEqual([1, 2]);
      await (await created(fileSystem, 'a', [3])).close();
      expect([...file.readSync(0, 2)]).toEqual([1, 2]);
      await file.close();
    });

    test('says of what is missing that it is', async (fileSystem) => {
      expect(await fileSystem.exists('a')).toBe(false);
      expect(await codeOf(() => fileSystem.remove('a'))).toBe('NOT_FOUND');
      expect(await codeOf(() => fileSystem.rename('a', 'b'))).toBe('NOT_FOUND');
      expect(await codeOf(() => fileSystem.list('a'))).toBe('NOT_FOUND');
    });
  });

  describe('file system: lock', () => {
    test('lets one holder in at a time', async (fileSystem) => {
      const lock = await fileSystem.lock('LOCK');
      expect(await codeOf(() => fileSystem.lock('LOCK'))).toBe('LOCKED');
      await lock.release();
      await lock.release();
      const next = await fileSystem.lock('LOCK');
      expect(await codeOf(() => fileSystem.lock('LOCK'))).toBe('LOCKED');
      await next.release();
    });
  });
}

async function created(fileSystem: FileSystem, path: string, bytes: readonly number[]): Promise<StorageFile> {
  const file = await fileSystem.open(path, 'create');
  if (bytes.length > 0) await file.write(0, [Uint8Array.from(bytes)]);
  return file;
}
