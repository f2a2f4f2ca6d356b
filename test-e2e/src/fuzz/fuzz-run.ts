/**
 * Sequences of requests, drawn from what a node says of its own API, against a cluster: every answer is one that the
 * description allows, what was put is there, no process dies, and none grows.
 */
import fc from 'fast-check';
import { ApiDocument, type Operation } from './api-document.ts';
import { Conformance } from './conformance.ts';
import { type DrawnRequest, drawnSequences, spell, type Wrong } from './drawn-requests.ts';
import { type Answer, Exchange, type Sent } from './exchange.ts';
import { KnownValues } from './known-values.ts';
import { type ProcessUse, useOf } from './process-memory.ts';
import { prefixOf } from './run-names.ts';
import { StoredValues, storingPaths } from './stored-values.ts';

/** What is fuzzed: processes that answer alike, whichever is asked. */
export interface FuzzedNode {
  readonly name: string;
  /** `host:port`. */
  readonly address: string;
  readonly pid: number;
  readonly running: boolean;
}

export interface FuzzOptions {
  /** How many requests at least. */
  readonly requests: number;
  readonly seed: number;
  readonly log?: (line: string) => void;
}

export interface FuzzReport {
  readonly requests: number;
  /** How often each operation was answered with each status. */
  readonly answers: ReadonlyMap<string, ReadonlyMap<number, number>>;
  /** How many requests were wrong in each way. */
  readonly wrongs: ReadonlyMap<Wrong, number>;
  /** The shortest sequence that was found to break a promise, and how it did. */
  readonly failures: readonly string[];
  /** By node: after warming up, and at the end. */
  readonly use: ReadonlyMap<string, { readonly warm: ProcessUse; readonly end: ProcessUse }>;
}

/** Sequences that run at the same time. */
const lanes = 6;
const longestSequence = 40;
/** Part of the requests after which a process has what memory it needs. */
const warmShare = 0.4;

export async function runFuzz(nodes: readonly FuzzedNode[], options: FuzzOptions): Promise<FuzzReport> {
  const fuzz = await Fuzz.prepare(nodes, options);
  try {
    return await fuzz.run();
  } finally {
    fuzz.close();
  }
}

class Fuzz {
  readonly #nodes: readonly FuzzedNode[];
  readonly #options: FuzzOptions;
  readonly #document: ApiDocument;
  readonly #conformance: Conformance;
  readonly #known = new KnownValues();
  readonly #exchanges: readonly Exchange[];
  readonly #answers = new Map<string, Map<number, number>>();
  readonly #wrongs = new Map<Wrong, number>();
  readonly #failures: string[] = [];
  readonly #warm = new Map<string, ProcessUse>();
  #requests = 0;
  #sequences = 0;

  private constructor(nodes: readonly FuzzedNode[], options: FuzzOptions, document: ApiDocument) {
    this.#nodes = nodes;
    this.#options = options;
    this.#document = document;
    this.#conformance = new Conformance(document);
    this.#exchanges = nodes.map(({ address }) => new Exchange(address));
  }

  static async prepare(nodes: readonly FuzzedNode[], options: FuzzOptions): Promise<Fuzz> {
    const read = async (path: string): Promise<Record<string, unknown>> => {
      const response = await fetch(`http://${nodes[0]?.address}${path}`);
      return (await response.json()) as Record<string, unknown>;
    };
    const fuzz = new Fuzz(nodes, options, new ApiDocument(await read('/openapi.json')));
    fuzz.#known.learn(await read('/v1/cluster/status'));
    return fuzz;
  }

  async run(): Promise<FuzzReport> {
    await Promise.all(Array.from({ length: lanes }, (_, lane) => this.#runLane(this.#options.seed + lane)));
    const use = new Map([...this.#warm].map(([name, warm]) => [name, { warm, end: this.#useOf(name) ?? warm }]));
    return {
      requests: this.#requests,
      answers: this.#answers,
      wrongs: this.#wrongs,
      failures: [...this.#failures, ...this.#deaths()],
      use,
    };
  }

  close(): void {
    for (const exchange of this.#exchanges) exchange.close();
  }

  async #runLane(seed: number): Promise<void> {
    const sequences = drawnSequences(this.#document, longestSequence);
    const property = fc.asyncProperty(sequences, (sequence) => this.#runSequence(sequence));
    for (let round = 0; this.#requests < this.#options.requests && this.#failures.length === 0; round += 1) {
      const result = await fc.check(property, {
        seed: seed + round * lanes,
        numRuns: 10,
        interruptAfterTimeLimit: 60_000,
      });
      if (result.failed) this.#failures.push(describeFailure(result.errorInstance));
      this.#options.log?.(`${this.#requests} requests`);
    }
  }

  async #runSequence(sequence: readonly DrawnRequest[]): Promise<void> {
    this.#sequences += 1;
    const storing = storingPaths(this.#document.operations);
    const naming = { known: this.#known, prefix: prefixOf(this.#sequences), storing };
    const stored = new StoredValues(storing, naming.prefix);
    const story: string[] = [];
    for (const request of sequence) {
      const sent = spell(request, naming);
      const faults = await this.#exchange(request, sent, stored, story);
      if (faults.length > 0) throw new Error([...faults, 'after:', ...story].join('\n  '));
    }
  }

  /** Whose description holds for the request: with another method it may be another operation. */
  #operationOf({ operation, method, wrong, segment }: DrawnRequest): Operation | undefined {
    const isOneSegment = segment === undefined || /^[^/?]+(\?|$)/.test(segment);
    if (wrong === 'other path' || !isOneSegment) return undefined;
    const described = method === 'HEAD' ? 'GET' : method;
    return this.#document.operations.find((other) => other.path === operation.path && other.method === described);
  }

  /** What is wrong with what came back. @param story gets a line for the request */
  async #exchange(request: DrawnRequest, sent: Sent, stored: StoredValues, story: string[]): Promise<string[]> {
    this.#requests += 1;
    this.#wrongs.set(request.wrong, (this.#wrongs.get(request.wrong) ?? 0) + 1);
    this.#noteUse();
    const at = request.node % this.#exchanges.length;
    const received = await this.#exchanges[at]?.send(sent);
    const line = `${sent.method} ${sent.target.slice(0, 200)} ${describe(sent)} (${request.wrong}) to node ${at + 1}`;
    if (received?.type === 'abandoned') {
      story.push(`${line}: abandoned`);
      stored.abandon(sent);
      return [];
    }
    if (received?.type !== 'answer') {
      story.push(`${line}: no answer`);
      return [`no answer: ${received?.reason}`];
    }
    const { answer } = received;
    story.push(`${line}: ${answer.status} ${String(answer.headers['kv-outcome'] ?? '')}`);
    const operation = this.#operationOf(request);
    this.#count(operation, answer);
    return this.#judge(request, operation, sent, answer, stored);
  }

  #judge(
    { wrong }: DrawnRequest,
    operation: Operation | undefined,
    sent: Sent,
    answer: Answer,
    stored: StoredValues,
  ): string[] {
    const faults = this.#conformance.faultsOf(operation, sent, answer);
    if (wrong === 'refused value' && answer.status < 400) faults.push('a value that the description refuses was taken');
    if (operation !== undefined) faults.push(...stored.observe(operation, sent, answer, storesAsItShould.has(wrong)));
    if (operation !== undefined && faults.length === 0) this.#learn(operation, answer);
    return faults;
  }

  /** A value that somebody stored as JSON is not the server's own word, and may be none. */
  #learn({ answers }: Operation, { status, body }: Answer): void {
    const isJson = answers.get(status)?.some(({ mediaType }) => mediaType === 'application/json') === true;
    if (isJson && body.length > 0) this.#known.learn(JSON.parse(body.toString()));
  }

  #count(operation: Operation | undefined, { status }: Answer): void {
    const name = operation?.id ?? '(not described)';
    const ofOperation = this.#answers.get(name) ?? new Map<number, number>();
    ofOperation.set(status, (ofOperation.get(status) ?? 0) + 1);
    this.#answers.set(name, ofOperation);
  }

  #noteUse(): void {
    if (this.#requests !== Math.floor(this.#options.requests * warmShare)) return;
    for (const { name } of this.#nodes) {
      const use = this.#useOf(name);
      if (use !== undefined) this.#warm.set(name, use);
    }
  }

  #useOf(name: string): ProcessUse | undefined {
    const node = this.#nodes.find((candidate) => candidate.name === name);
    return node?.running === true ? useOf(node.pid) : undefined;
  }

  #deaths(): string[] {
    return this.#nodes.filter(({ running }) => !running).map(({ name }) => `${name} is not running any more`);
  }
}

/** What is wrong with these changes nothing about what a write stores. */
const storesAsItShould: ReadonlySet<Wrong> = new Set(['right', 'strange body', 'large body']);

/** The faults, and the requests that led to them. */
function describeFailure(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

function describe({ headers, body, chunked }: Sent): string {
  const size = body === undefined ? '' : `${body.length} bytes${chunked ? ' in chunks' : ''}`;
  return [JSON.stringify(headers).slice(0, 200), size].join(' ').trim();
}
