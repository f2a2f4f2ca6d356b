/**
 * What was put is there until it is deleted, or its time to live ends. Holds for every path of the description that takes bytes by PUT and gives
 * bytes by GET; what a level does not promise is left open.
 */
import type { Operation } from './api-document.ts';
import type { Answer, Sent } from './exchange.ts';

type State =
  | {
      readonly type: 'value';
      readonly body: Buffer;
      readonly contentType: string | undefined;
      /** It has a time to live, and may be gone. */
      readonly mortal: boolean;
    }
  | { readonly type: 'absent' }
  /** Nobody can know. */
  | { readonly type: 'open' };

const open: State = { type: 'open' };

/** Where bytes are put, and got again. */
export function storingPaths(operations: readonly Operation[]): ReadonlySet<string> {
  const gives = operations.filter(({ method, answers }) => method === 'GET' && isBytes(answers.get(200)));
  const takes = operations.filter(({ method, body }) => method === 'PUT' && isBytes(body));
  const taking = new Set(takes.map(({ path }) => path));
  return new Set(gives.map(({ path }) => path).filter((path) => taking.has(path)));
}

export class StoredValues {
  readonly #paths: ReadonlySet<string>;
  readonly #prefix: string;
  readonly #states = new Map<string, State>();

  /**
   * @param paths see {@link storingPaths}
   * @param prefix begins every name of this run, under which nothing was stored before and nobody else stores anything
   */
  constructor(paths: ReadonlySet<string>, prefix: string) {
    this.#prefix = prefix;
    this.#paths = paths;
  }

  /**
   * What is wrong with an answer, after all answers before.
   * @param asItShould whether the request was one that stores what it says
   */
  observe(operation: Operation, sent: Sent, answer: Answer, asItShould: boolean): string[] {
    const name = nameOf(sent.target);
    this.#batched(sent);
    if (!this.#paths.has(operation.path) || !this.#isOwn(name)) return [];
    const counted = countOf(answer);
    if (sent.method === 'GET' || sent.method === 'HEAD') {
      return counted.isMajority ? compare(this.#states.get(name) ?? open, sent, answer) : [];
    }
    const next = asItShould ? written(sent, answer, counted) : open;
    if (next !== undefined) this.#states.set(name, next);
    return [];
  }

  /** What a run itself made, and may take away again, holds nothing for certain. */
  #isOwn(name: string): boolean {
    return name.indexOf(this.#prefix) > name.lastIndexOf('/') && !/\/f[0-9a-z]{6}\d+\//.test(name);
  }

  /** A request of which nobody knows whether it was taken. */
  abandon(sent: Sent): void {
    this.#batched(sent);
    this.#states.set(nameOf(sent.target), open);
  }

  /** A batch may have changed any key of its keyspace. */
  #batched({ method, target }: Sent): void {
    const [path = ''] = target.split('?', 1);
    if (method !== 'POST' || !path.endsWith('/batch')) return;
    const keys = `${path.slice(0, -'batch'.length)}keys/`;
    for (const name of this.#states.keys()) if (name.startsWith(keys)) this.#states.set(name, open);
  }
}

/** The state after a write; undefined when it is what it was before. */
function written(sent: Sent, { status, headers }: Answer, { isMajority }: Counted): State | undefined {
  if (status >= 400 && status < 500) return undefined;
  if (status >= 300 || !isMajority) return open;
  if (headers['kv-outcome'] === 'superseded') return undefined;
  if (sent.method === 'DELETE') return { type: 'absent' };
  const mortal = headers['kv-deadline'] !== undefined;
  return { type: 'value', body: Buffer.from(sent.body ?? []), contentType: sent.headers['content-type'], mortal };
}

function compare(state: State, sent: Sent, { status, headers, body }: Answer): string[] {
  if (state.type === 'open' || (status !== 200 && status !== 404)) return [];
  if (state.type === 'absent') return status === 404 ? [] : ['a deleted value is there'];
  if (status === 404) return state.mortal ? [] : ['a value that was put is not there'];
  const faults: string[] = [];
  if (state.contentType !== undefined && headers['content-type'] !== state.contentType) {
    faults.push(`the content type was ${state.contentType}, and is ${headers['content-type']}`);
  }
  // The length may be left out of an answer to HEAD.
  const length = sent.method === 'HEAD' ? Number(headers['content-length'] ?? state.body.length) : body.length;
  if (length !== state.body.length) faults.push(`the value had ${state.body.length} bytes, and has ${length}`);
  else if (sent.method === 'GET' && !body.equals(state.body)) faults.push('the value is another one');
  return faults;
}

interface Counted {
  /** More than half of the replicas: of two such requests the later one meets the earlier one's. */
  readonly isMajority: boolean;
}

/** From the receipt: how many replicas answered, and of how many. */
function countOf({ headers }: Answer): Counted {
  const receipt = JSON.parse(String(headers['kv-receipt'] ?? '{}')) as { needed?: number; mode?: string };
  return { isMajority: (receipt.needed ?? 0) >= majority && receipt.mode === 'strict' };
}

/** Of three replicas, which every key of the fuzzed cluster has. */
const majority = 2;

/** Two targets name one thing if path and encoding are alike. */
function nameOf(target: string): string {
  const [path = '', query = ''] = target.split('?', 2);
  return `${path} ${new URLSearchParams(query).get('encoding') ?? ''}`;
}

function isBytes(contents: readonly { readonly mediaType: string }[] | undefined): boolean {
  return contents?.some(({ mediaType }) => mediaType === '*/*') ?? false;
}
