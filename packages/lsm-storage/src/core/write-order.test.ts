/**
 * The order of calls to the disk that durability hangs on, read off a trace of a busy store: run written, synced, its
 * name synced, manifest committed, and only then the files removed that it replaces; a segment's file and name synced
 * before anything in it is acknowledged; one write and one sync per group.
 */

import { describe, expect, it } from 'vitest';
import { CrashableFileSystem } from '../contract/index.ts';
import type { DiskCall } from '../contract/index.ts';
import { bytes, openOn } from '../testing/store.ts';
import { runFileName, segmentFileName, valueFileName } from './file-names.ts';
import type { Manifest, ManifestEdit } from './ports/manifest.ts';
import type { StorageStats } from './stats.ts';

const OPTIONS = { memtableBytes: 4096, blockBytes: 256, separateBytes: 60, scaling: 0 };

type Event =
  | ({ readonly kind: 'call' } & DiskCall)
  | { readonly kind: 'commit'; readonly edit: ManifestEdit }
  | { readonly kind: 'acknowledged' };

async function traceBusyStore(): Promise<{ trace: Event[]; stats: StorageStats; bursts: number }> {
  const disk = new CrashableFileSystem();
  const trace: Event[] = [];
  disk.observe((call) => {
    if (!call.path.startsWith('manifest')) trace.push({ kind: 'call', ...call });
    return undefined;
  });
  const wrapManifest = (manifest: Manifest): Manifest => {
    const commit = async (edit: ManifestEdit): Promise<void> => {
      await manifest.commit.call(manifest, edit);
      trace.push({ kind: 'commit', edit });
    };
    return new Proxy(manifest, {
      get: (target, name) => {
        if (name === 'commit') return commit;
        const member: unknown = Reflect.get(target, name);
        return typeof member === 'function' ? (member.bind(target) as unknown) : member;
      },
    });
  };
  const engine = await openOn(disk, OPTIONS, { wrapManifest });
  const bursts = 120;
  for (let i = 0; i < bursts; i++) {
    const writes = [0, 1, 2].map((j) => engine.put(bytes(`key${(i * 3 + j) % 50}`), bytes('v'.repeat(i))));
    await Promise.all(writes);
    trace.push({ kind: 'acknowledged' });
  }
  const stats = engine.stats();
  await engine.close();
  return { trace, stats, bursts };
}

function positions(trace: readonly Event[], operation: string, path: string): number[] {
  return trace.flatMap((event, i) => {
    return event.kind === 'call' && event.operation === operation && event.path === path ? [i] : [];
  });
}

/** Zeros are written as far as a multiple of what a segment may be longer than its frames. */
function isRoom({ position, bytes: length }: DiskCall): boolean {
  return position !== 0 && (position! + length!) % OPTIONS.memtableBytes === 0;
}

describe('the order of calls', () => {
  it('of a run and its value file: written, synced, name synced, committed', async () => {
    const { trace, stats } = await traceBusyStore();
    expect(stats.flushes).toBeGreaterThan(3);
    expect(stats.compactions).toBeGreaterThan(2);
    let files = 0;
    for (const [at, event] of trace.entries()) {
      if (event.kind !== 'commit') continue;
      const paths = event.edit.addedRuns.flatMap(({ run, valueFile }) => {
        return [runFileName(run.number), ...(valueFile === undefined ? [] : [valueFileName(valueFile.number)])];
      });
      for (const path of paths) {
        files++;
        const [created] = positions(trace, 'create', path);
        const lastWrite = positions(trace, 'write', path).at(-1)!;
        const [synced] = positions(trace, 'sync', path);
        const nameSynced = positions(trace, 'sync-directory', '').find((position) => position > synced!)!;
        expect([created, lastWrite, synced, nameSynced, at]).toEqual(
          [created!, lastWrite, synced!, nameSynced, at].sort((left, right) => left - right),
        );
      }
    }
    expect(files).toBeGreaterThan(stats.flushes + stats.compactions);
  });

  it('of removals: a file goes only after a commit that no longer needs it', async () => {
    const { trace } = await traceBusyStore();
    // What was never committed, such as the file of a compaction given up at closing, is nobody's.
    const committed = new Set(trace.flatMap((event) => (event.kind === 'commit' ? event.edit.addedRuns : [])));
    const runs = new Set([...committed].map(({ run }) => runFileName(run.number)));
    const values = [...committed].flatMap(({ valueFile }) => (valueFile === undefined ? [] : [valueFile.number]));
    const named = new Set([...runs, ...values.map(valueFileName)]);
    const removable = new Set<string>();
    let removed = 0;
    for (const event of trace) {
      if (event.kind === 'commit') {
        for (const run of event.edit.removedRuns) removable.add(runFileName(run));
        for (const file of event.edit.removedValueFiles) removable.add(valueFileName(file));
        for (let old = 1; old < event.edit.oldestSegment; old++) removable.add(segmentFileName(old));
      }
      if (event.kind !== 'call' || event.operation !== 'remove') continue;
      if (!event.path.endsWith('.log') && !named.has(event.path)) continue;
      expect(removable).toContain(event.path);
      removed++;
    }
    expect(removed).toBeGreaterThan(10);
  });

  it('of a segment: file and name are synced before its first group is written', async () => {
    const { trace } = await traceBusyStore();
    const segments = trace.flatMap((event) => {
      return event.kind === 'call' && event.operation === 'create' && event.path.endsWith('.log') ? [event.path] : [];
    });
    expect(segments.length).toBeGreaterThan(5);
    for (const path of segments) {
      const own = trace.flatMap((event, at) => {
        return event.kind === 'call' && event.path === path ? [{ operation: event.operation, at }] : [];
      });
      const begun = own.slice(0, 6).map((call) => call.operation);
      // Room is made for the group, by zeros or by length, before it is written.
      expect(begun).toEqual(['create', 'write', 'sync', expect.stringMatching(/write|truncate/), 'write', 'sync']);
      const nameSynced = positions(trace, 'sync-directory', '').find((at) => at > own[0]!.at)!;
      expect(nameSynced).toBeLessThan(own[4]!.at);
    }
  });

  it('of a group: one write, one sync, then the acknowledgement', async () => {
    const { trace, stats, bursts } = await traceBusyStore();
    expect(stats.groups).toBe(bursts);
    let unsynced = 0;
    let writes = 0;
    let segments = 0;
    /** Where the zeros begin that were written last: the frame before them comes next. */
    let zeros: number | undefined;
    for (const event of trace) {
      if (event.kind === 'acknowledged') expect(unsynced).toBe(0);
      if (event.kind !== 'call' || !event.path.endsWith('.log')) continue;
      if (event.operation === 'create') segments++;
      if (event.operation === 'write' && isRoom(event)) {
        zeros = event.position;
      } else if (event.operation === 'write') {
        if (zeros !== undefined) expect(event.position! + event.bytes!).toBe(zeros);
        zeros = undefined;
        expect(unsynced++).toBe(0);
        writes++;
      }
      if (event.operation === 'sync') expect(unsynced--).toBe(1);
    }
    // Beside the groups, each segment has a header and a seal.
    expect(writes).toBe(bursts + 2 * segments);
  });
});
