/**
 * The commands that a hint names. A hint is right only if it can be typed as it stands: it leads to the same data folder
 * and keeps what was asked for, but for what it says to change.
 */
import { fileURLToPath } from 'node:url';

/** Where `npm start` keeps its data when it is not told. */
export const defaultDataFolder: string = fileURLToPath(new URL('../../../.data', import.meta.url));

export interface Asked {
  readonly nodes?: number | undefined;
  /** `'free'` cannot be asked for on the command line. */
  readonly port?: number | 'free' | undefined;
}

export class CommandLines {
  readonly #data: string;
  readonly #asked: Asked;

  /**
   * @param data absolute path of the data folder.
   * @param asked what `npm start` was asked for; nothing for a command that has no such options.
   */
  constructor(data: string, asked: Asked = {}) {
    this.#data = data;
    this.#asked = asked;
  }

  /** `npm start` over the same data folder, as it was asked for. An option changed to `undefined` is left out. */
  start(changes: Asked = {}): string {
    return this.#start(changes, this.#dataArgument());
  }

  /** `npm start` over another data folder, which stands as `DIR`: the reader chooses it. */
  startElsewhere(changes: Asked = {}): string {
    return this.#start(changes, ['--data', 'DIR']);
  }

  /** `npm run node -- 2` over the same data folder. */
  node(number: number): string {
    return ['npm run node --', number, ...this.#dataArgument()].join(' ');
  }

  #start(changes: Asked, dataArgument: readonly string[]): string {
    const { nodes, port } = { ...this.#asked, ...changes };
    const words: (string | number)[] = [];
    if (nodes !== undefined) words.push('--nodes', nodes);
    if (typeof port === 'number') words.push('--port', port);
    words.push(...dataArgument);
    return words.length === 0 ? 'npm start' : ['npm start --', ...words].join(' ');
  }

  #dataArgument(): readonly string[] {
    return this.#data === defaultDataFolder ? [] : ['--data', shellWord(this.#data)];
  }
}

/** The text as one word of a POSIX shell, quoted where it must be. */
export function shellWord(text: string): string {
  return /^[\w./:@%+-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`;
}
