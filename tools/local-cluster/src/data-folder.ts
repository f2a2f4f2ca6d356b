/**
 * The data folder of a local cluster, and the one place that knows its file names.
 *
 *     .data/
 *       cluster.json     what the starter remembers: cluster id, members, who was created
 *       topology.json    what the nodes are given: addresses too, written at each start
 *       starter.lock     the process that runs this cluster
 *       node-1.pid       the process that runs this node, and the process that launched it
 *       node-1/          the node's own files, and node.log
 */
import { closeSync, existsSync, fsyncSync, openSync, readdirSync, renameSync, rmSync, writeSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { type Asked, CommandLines } from './command-lines.ts';
import { LocalClusterError, systemErrorCode } from './errors.ts';
import { makeFolder } from './make-folder.ts';

/** Paths inside one data folder; nothing is read or written except by `prepare`. */
export class DataFolder {
  readonly path: string;
  /** The commands that work on this folder, for hints. */
  readonly commands: CommandLines;

  /**
   * @param path absolute, or relative to the working directory of this process. An empty one is refused: it would be
   *   the working directory itself.
   * @param asked what `npm start` was asked for, so that hints keep it.
   */
  constructor(path: string, asked: Asked = {}) {
    this.path = resolve(path);
    this.commands = new CommandLines(this.path, asked);
    if (path !== '') return;
    throw new LocalClusterError(
      'INVALID_OPTION',
      `the data folder needs a name, got an empty one: ${this.commands.startElsewhere()}`,
    );
  }

  get clusterFile(): string {
    return join(this.path, 'cluster.json');
  }

  get topologyFile(): string {
    return join(this.path, 'topology.json');
  }

  get lockFile(): string {
    return join(this.path, 'starter.lock');
  }

  nodeFolder(name: string): string {
    return join(this.path, name);
  }

  nodeLog(name: string): string {
    return join(this.path, name, 'node.log');
  }

  nodePidFile(name: string): string {
    return join(this.path, `${name}.pid`);
  }

  /**
   * Creates the folder and proves that files can be written in it, before any process is started. A folder with
   * somebody else's files in it is refused before anything is written.
   */
  prepare(): void {
    this.#try(() => makeFolder(this.path));
    this.#refuseStrangers();
    const probe = join(this.path, `.probe-${process.pid}`);
    this.#try(() => {
      closeSync(openSync(probe, 'w'));
      rmSync(probe);
    });
  }

  #try(write: () => void): void {
    try {
      write();
    } catch (error) {
      const code = systemErrorCode(error);
      const what = code === undefined && error instanceof Error ? error.message : `cannot write in it (${code})`;
      throw new LocalClusterError(
        'DATA_UNWRITABLE',
        `cannot use the data folder ${this.path}: ${what}: choose a folder that you can write in: ` +
          this.commands.startElsewhere(),
        { cause: error },
      );
    }
  }

  #refuseStrangers(): void {
    if (existsSync(this.clusterFile)) return;
    const strangers = readdirSync(this.path).filter((name) => !ownNames.test(name) && !emptyFolderNames.has(name));
    const [first] = strangers.sort();
    if (first === undefined) return;
    const others = strangers.length === 1 ? '' : ` and ${strangers.length - 1} more`;
    throw new LocalClusterError(
      'DATA_FOREIGN',
      `${this.path} is not the data folder of a cluster, but holds ${first}${others}: choose a new or empty folder: ` +
        this.commands.startElsewhere(),
    );
  }
}

/** What a start that was cut off leaves behind. Of node folders without `cluster.json` others know more to say. */
const ownNames =
  /^(starter\.lock|topology\.json|node-\d+(\.pid)?|\.probe-\d+|.+\.json\.\d+\.tmp|node-\d+\.pid\.\d+\.tmp)$/;

/** What systems put into folders that are empty to everyone else. */
const emptyFolderNames = new Set(['lost+found', '.DS_Store']);

/** Replaces a file so that a crash leaves either the old text or the new, never a part. */
export function writeFileAtomically(path: string, text: string): void {
  const temporary = `${path}.${process.pid}.tmp`;
  const file = openSync(temporary, 'w');
  try {
    writeSync(file, text);
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
  renameSync(temporary, path);
  const folder = openSync(dirname(path), 'r');
  try {
    fsyncSync(folder);
  } finally {
    closeSync(folder);
  }
}
