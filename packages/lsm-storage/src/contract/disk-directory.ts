/**
 * The names in one directory of a disk that can lose power: what programs see, what the last sync made durable, and
 * the changes since. After a power loss each of these changes happened or did not, independently of the others; a
 * rename happens as one.
 */

import { DiskFile } from './disk-file.ts';
import type { Random } from './random.ts';

export type DiskNode = DiskFile | DiskDirectory;

type Change = (names: Map<string, DiskNode>) => void;

/** What became of each file: one with two names is still one. */
export type FileCopies = Map<DiskFile, DiskFile>;

export class DiskDirectory {
  readonly #names: Map<string, DiskNode>;
  #durable: Map<string, DiskNode>;
  #changes: Change[] = [];

  /** A directory whose names are durable. */
  constructor(names: ReadonlyMap<string, DiskNode> = new Map<string, DiskNode>()) {
    this.#names = new Map(names);
    this.#durable = new Map(names);
  }

  get(name: string): DiskNode | undefined {
    return this.#names.get(name);
  }

  /** Sorted by code unit. */
  list(): string[] {
    return [...this.#names.keys()].sort();
  }

  add(name: string, node: DiskNode): void {
    this.#change((names) => names.set(name, node));
  }

  remove(name: string): void {
    this.#change((names) => names.delete(name));
  }

  rename(from: string, to: string, node: DiskNode): void {
    this.#change((names) => {
      names.delete(from);
      names.set(to, node);
    });
  }

  sync(): void {
    this.#durable = new Map(this.#names);
    this.#changes = [];
  }

  /** A copy with all that programs see made durable. `copies`: of files met before, which have more than one name. */
  clone(copies: FileCopies = new Map()): DiskDirectory {
    return new DiskDirectory(
      mapNodes(
        this.#names,
        (file) => copied(file, copies, () => new DiskFile(file.contents())),
        (child) => child.clone(copies),
      ),
    );
  }

  /** What the disk may hold after power was lost now. `copies`: as for {@link clone}. */
  afterPowerLoss(random: Random, copies: FileCopies = new Map()): DiskDirectory {
    const names = new Map(this.#durable);
    for (const change of this.#changes) if (random() < 0.5) change(names);
    const sorted = new Map([...names].sort(([left], [right]) => (left < right ? -1 : 1)));
    return new DiskDirectory(
      mapNodes(
        sorted,
        (file) => copied(file, copies, () => file.afterPowerLoss(random)),
        (child) => child.afterPowerLoss(random, copies),
      ),
    );
  }

  #change(change: Change): void {
    change(this.#names);
    this.#changes.push(change);
  }
}

function mapNodes(
  names: ReadonlyMap<string, DiskNode>,
  mapFile: (file: DiskFile) => DiskFile,
  mapDirectory: (directory: DiskDirectory) => DiskDirectory,
): Map<string, DiskNode> {
  const mapped = new Map<string, DiskNode>();
  for (const [name, node] of names) mapped.set(name, node instanceof DiskFile ? mapFile(node) : mapDirectory(node));
  return mapped;
}

function copied(file: DiskFile, copies: FileCopies, copy: () => DiskFile): DiskFile {
  let made = copies.get(file);
  if (made === undefined) copies.set(file, (made = copy()));
  return made;
}
