/** Carries out the operations of a batch, some at a time, and writes down the outcome of each as JSON text. */
import type { ChangeResult, GetResult, PutResult } from '@kv/cluster-node';
import type { BatchOperation } from './batch-schema.ts';
import { changeHeaders } from './change-answers.ts';
import { type NameOf, readAnswer, writeHeaders } from './key-answers.ts';
import { readKeyForm } from './key-form.ts';
import { readContext } from './key-request.ts';
import type { CoordinatingMember } from './key-routes.ts';
import { Problem, withOutcome } from './problem-details.ts';
import { parseTtl } from './time-to-live.ts';
import { readValueForm, valueForm } from './value-form.ts';

export interface BatchRunDependencies {
  readonly coordinator: CoordinatingMember;
  readonly nameOf: NameOf;
  readonly problemOf: (error: unknown) => Problem;
}

export interface BatchTerms {
  readonly keyspace: string;
  /** From the beginning on, for all of it: what is not begun by then never is. */
  readonly timeoutMs: number;
  /** Once the values that were read have so many bytes, no further get is begun. */
  readonly answerBytes: number;
  /** Asks for room for values beyond that, of gets that were begun before. @throws RequestError BUSY */
  readonly grow: (bytes: number) => void;
}

/** Bounds what is held in memory at once; more would not be faster on one node. */
const atOnce = 16;

/** One operation, its key decoded. */
interface Placed {
  readonly keyspace: string;
  readonly key: Uint8Array;
  readonly level: BatchOperation['level'];
  readonly sloppy: boolean | undefined;
  readonly timeoutMs: number;
}

interface Success {
  readonly status: 200 | 204 | 300;
  /** As a request for the key alone would have them. */
  readonly headers: Readonly<Record<string, string>>;
  readonly value?: Uint8Array;
}

export class BatchRun {
  readonly #dependencies: BatchRunDependencies;
  readonly #terms: BatchTerms;
  readonly #deadline: number;
  #readBytes = 0;

  constructor(dependencies: BatchRunDependencies, terms: BatchTerms) {
    this.#dependencies = dependencies;
    this.#terms = terms;
    this.#deadline = performance.now() + terms.timeoutMs;
  }

  /** The outcomes in the order of the operations. */
  async all(operations: readonly BatchOperation[]): Promise<string[]> {
    const outcomes: string[] = [];
    let next = 0;
    const worker = async (): Promise<void> => {
      for (let index = next++; index < operations.length; index = next++) {
        outcomes[index] = await this.#outcomeOf(operations[index] as BatchOperation);
      }
    };
    await Promise.all(Array.from({ length: Math.min(atOnce, operations.length) }, worker));
    return outcomes;
  }

  async #outcomeOf(operation: BatchOperation): Promise<string> {
    const { type, key, encoding } = operation;
    const named = { type, key, ...(encoding !== undefined && { encoding }) };
    try {
      return successText(named, await this.#run(operation));
    } catch (error) {
      const problem = this.#dependencies.problemOf(error);
      return `${JSON.stringify({ ...named, status: problem.status }).slice(0, -1)},"problem":${problem.toBody().trim()}}`;
    }
  }

  async #run(operation: BatchOperation): Promise<Success> {
    const { keyspace } = this.#terms;
    const key = readKeyForm(operation.key, operation.encoding);
    const { level, sloppy } = operation;
    const placed = { keyspace, key, level, sloppy, timeoutMs: this.#remainingMs() };
    if (operation.type === 'get') return this.#get(placed, operation.r);
    const isStrong = this.#dependencies.coordinator.topology.keyspace(keyspace)?.mode === 'strong';
    return isStrong ? this.#change(placed, operation) : this.#write(placed, operation);
  }

  /** @throws Problem DEADLINE_PASSED */
  #remainingMs(): number {
    const remaining = Math.floor(this.#deadline - performance.now());
    if (remaining >= 1) return remaining;
    const detail = `the ${this.#terms.timeoutMs} ms of the batch were over before this operation was begun`;
    throw new Problem('DEADLINE_PASSED', detail, withOutcome('rejected'));
  }

  async #get(placed: Placed, r: number | undefined): Promise<Success> {
    const { coordinator, nameOf } = this.#dependencies;
    if (this.#readBytes >= this.#terms.answerBytes) {
      const detail = `the values read before have ${this.#readBytes} bytes together: ask for this one again`;
      throw new Problem('ANSWER_TOO_LARGE', detail);
    }
    const result = await new Promise<GetResult>((resolve, reject) =>
      coordinator.get({ ...placed, r }, resolve, reject),
    );
    const { status, headers, value } = readAnswer(result, nameOf);
    const { answerBytes, grow } = this.#terms;
    const beyond = this.#readBytes + value.length - Math.max(answerBytes, this.#readBytes);
    if (beyond > 0) grow(beyond);
    this.#readBytes += value.length;
    return { status, headers, value };
  }

  async #write(placed: Placed, operation: Exclude<BatchOperation, { type: 'get' }>): Promise<Success> {
    const { coordinator, nameOf } = this.#dependencies;
    const request = { ...placed, w: operation.w, context: contextIn(operation) };
    const result = await new Promise<PutResult>((resolve, reject) => {
      if (operation.type === 'delete') coordinator.delete(request, resolve, reject);
      else coordinator.put({ ...request, ...valueIn(operation) }, resolve, reject);
    });
    return { status: 204, headers: writeHeaders(result, nameOf) };
  }

  /** @throws Problem NOT_SUPPORTED for a number, a level, sloppiness or a context */
  async #change(placed: Placed, operation: Exclude<BatchOperation, { type: 'get' }>): Promise<Success> {
    const { coordinator, nameOf } = this.#dependencies;
    if (operation.w !== undefined) {
      throw new Problem(
        'NOT_SUPPORTED',
        `keyspace ${placed.keyspace} is strong: a majority of its owners always answers`,
      );
    }
    if (operation.context !== undefined) {
      throw new Problem('NOT_SUPPORTED', `keyspace ${placed.keyspace} has no siblings, and takes no context`);
    }
    const to =
      operation.type === 'delete' ? ({ type: 'delete' } as const) : ({ type: 'put', ...valueIn(operation) } as const);
    const result = await new Promise<ChangeResult>((resolve, reject) => {
      coordinator.change({ ...placed, to }, resolve, reject);
    });
    return { status: 204, headers: changeHeaders(result, to.type, nameOf) };
  }
}

/** @throws Problem INVALID_CONTEXT */
function contextIn({ context }: Exclude<BatchOperation, { type: 'get' }>): Uint8Array | undefined {
  return context === undefined ? undefined : readContext(context);
}

/** @throws Problem INVALID_VALUE, INVALID_TTL */
function valueIn({ value, contentType, ttl }: Extract<BatchOperation, { type: 'put' }>): {
  readonly value: Uint8Array;
  readonly contentType: string;
  readonly ttlMs: number | undefined;
} {
  const formed = readValueForm(value);
  return {
    value: formed.bytes,
    contentType: contentType ?? formed.contentType,
    ttlMs: ttl === undefined ? undefined : parseTtl(ttl),
  };
}

function successText(named: object, { status, headers, value }: Success): string {
  const described = {
    ...named,
    status,
    outcome: headers['kv-outcome'],
    version: headers['kv-version'] ?? headers['etag']?.slice(1, -1),
    ...(headers['kv-siblings'] !== undefined && { siblings: Number(headers['kv-siblings']) }),
    ...(headers['kv-context'] !== undefined && { context: headers['kv-context'] }),
    ...(value !== undefined && { contentType: headers['content-type'], length: value.length }),
    ...(headers['kv-deadline'] !== undefined && { deadline: headers['kv-deadline'] }),
  };
  const form = value === undefined ? '' : `,"value":${valueForm(String(headers['content-type']), value)}`;
  return `${JSON.stringify(described).slice(0, -1)}${form},"receipt":${headers['kv-receipt']}}`;
}
