/**
 * Drives one request until it is settled: carries the attempts to sessions, time to the attempts, and answers to the
 * judge. What it ends with is never less certain than it says: a write that one node may have carried out is `unknown`
 * even if another node refused it.
 */
import type { Frame, FrameHeader, Message } from '@kv/wire';
import { Attempts, type AttemptEffect } from './attempts.ts';
import { abortError, type Call } from './call.ts';
import { closedError, KvError } from './errors.ts';
import type { ClientPorts, Timer } from './ports.ts';
import { refusesStamp, type Restamp } from './restamp.ts';
import type { Session } from './session.ts';
import type { Judge } from './verdict.ts';

export interface RequestSpec<Result> {
  readonly kind: 'read' | 'write';
  readonly message: Message;
  /** Asked for only while it is certain that no node took the write. */
  readonly restamp?: Restamp;
  /**
   * The write is the same only at the node that may have made it already: once it may have arrived somewhere, it is tried
   * nowhere else. Default: any node makes it the same write.
   */
  readonly onlyThere?: boolean;
  /** Addresses of nodes, the best first. */
  readonly candidates: readonly string[];
  /** What it has of time. */
  readonly call: Call;
  readonly judge: Judge<Result>;
  /** The fields of the frame's header but for the deadline. */
  header(): Omit<FrameHeader, 'operationId' | 'deadlineMs'>;
}

export interface RequestRunDependencies {
  readonly ports: ClientPorts;
  /** A session with a node, open or about to be; undefined once the client was closed. */
  sessionWith(address: string): Session | undefined;
  /** A node was found silent: others had better be asked first for a while. */
  foundSilent(address: string): void;
}

const shortestPatienceMs = 50;
const longestPatienceMs = 1000;
const longestHeadStartMs = 100;
/** The part of its time that is left for a write to be carried out, where it waits for nodes that have much to do. */
const timeToCarryOut = 0.5;
/** Enough for the event loop to turn and hand over what has arrived. */
const nextTurnMs = 1;

/** Rejects with a KvError. */
export function runRequest<Result>(dependencies: RequestRunDependencies, spec: RequestSpec<Result>): Promise<Result> {
  return new Promise((resolve, reject) => new RequestRun(dependencies, spec, { resolve, reject }).start());
}

interface Settle<Result> {
  resolve(result: Result): void;
  reject(error: KvError): void;
}

class RequestRun<Result> {
  readonly #dependencies: RequestRunDependencies;
  readonly #spec: RequestSpec<Result>;
  readonly #settle: Settle<Result>;
  readonly #attempts: Attempts;
  /** What was left of the call's time when it began. */
  readonly #timeMs: number;
  readonly #forget = new Set<() => void>();
  /** Attempts that wait for their link to open, or for their turn on it. */
  readonly #unsent = new Set<Attempt>();
  readonly #abort = (): void => this.#fail(abortError(this.#spec.call));
  #deadlineTimer: Timer | undefined;
  #wakeTimer: Timer | undefined;
  #turnTimer: Timer | undefined;
  /**
   * What leaves from now on, of whichever attempt. Replaced only while all that has left is known to be harmless, so
   * that no two versions of a write are ever made.
   */
  #message: Message;
  #lastAsked: Session | undefined;
  #askedAt = 0;
  #lastError: KvError | undefined;
  /** Attempts whose request left, and that nobody said were harmless. */
  #uncertain = 0;
  #settled = false;

  constructor(dependencies: RequestRunDependencies, spec: RequestSpec<Result>, settle: Settle<Result>) {
    this.#dependencies = dependencies;
    this.#spec = spec;
    this.#settle = settle;
    this.#message = spec.message;
    this.#timeMs = this.#remainingMs;
    const patienceMs = Math.min(longestPatienceMs, Math.max(shortestPatienceMs, this.#timeMs / 4));
    this.#attempts = new Attempts(spec.candidates, patienceMs, dependencies.ports.random);
  }

  start(): void {
    const { signal, timeoutMs } = this.#spec.call;
    if (signal?.aborted === true) return this.#abort();
    if (this.#timeMs < 1) {
      this.#fail(new KvError('TIMEOUT', `its ${timeoutMs} ms were over before it was sent`));
      return;
    }
    signal?.addEventListener('abort', this.#abort, { once: true });
    this.#deadlineTimer = this.#dependencies.ports.timers.set(this.#timeMs, () => this.#fail(this.#timeoutError()));
    this.#carryOut(this.#attempts.start());
  }

  #carryOut(effects: readonly AttemptEffect[]): void {
    for (const effect of effects) {
      if (this.#settled) return;
      if (effect.type === 'send') this.#send(effect.to);
      else if (effect.type === 'wait') this.#wake(effect.forMs, () => this.#carryOut(this.#attempts.next()));
      else if (effect.type === 'watch') this.#watch(effect.forMs);
      else this.#fail(this.#lastError ?? new KvError('UNREACHABLE', 'no node could be asked'));
    }
  }

  #wake(afterMs: number, run: () => void): void {
    this.#wakeTimer?.cancel();
    this.#wakeTimer = this.#dependencies.ports.timers.set(afterMs, run);
  }

  /**
   * A node that answers others is busy, not silent: asking a second one as well would make a busy cluster busier. And
   * what arrived while this process itself was busy is taken in before a node is called silent.
   */
  #watch(patienceMs: number): void {
    const waitLonger = (): boolean => {
      const silentMs = this.#now() - Math.max(this.#askedAt, this.#lastAsked?.heardAt ?? 0);
      if (silentMs < patienceMs) this.#wake(patienceMs - silentMs, suspect);
      return silentMs < patienceMs;
    };
    const suspect = (): void => {
      if (!waitLonger()) this.#wake(nextTurnMs, convict);
    };
    const convict = (): void => {
      if (waitLonger()) return;
      if (this.#lastAsked !== undefined) this.#dependencies.foundSilent(this.#lastAsked.address);
      this.#carryOut(this.#attempts.next());
    };
    this.#wake(patienceMs, suspect);
  }

  #send(to: string): void {
    const session = this.#dependencies.sessionWith(to);
    if (session === undefined) {
      this.#fail(closedError());
      return;
    }
    this.#lastAsked = session;
    this.#askedAt = this.#now();
    this.#dropUnsent();
    const attempt: Attempt = { to, left: false, forget: () => undefined };
    const forget = session.ask(() => this.#message, {
      header: () => this.#leave(attempt),
      answered: (frame) => {
        this.#forget.delete(forget);
        this.#judge(frame, attempt);
      },
      lost: (reason) => {
        this.#forget.delete(forget);
        this.#ended(new KvError('UNREACHABLE', `the link to ${to} was lost: ${reason}`), attempt, !attempt.left);
      },
      unsendable: (cause) => {
        this.#uncertain -= 1;
        this.#fail(new KvError('NOT_SUPPORTED', `the request cannot be sent: ${messageOf(cause)}`, { cause }));
      },
    });
    this.#forget.add(forget);
    attempt.forget = forget;
    if (attempt.left) return;
    this.#unsent.add(attempt);
    this.#awaitTurn();
  }

  /** A write whose turn does not come in time is given up. */
  #awaitTurn(): void {
    if (this.#spec.kind !== 'write' || this.#turnTimer !== undefined) return;
    this.#turnTimer = this.#dependencies.ports.timers.set(this.#beginWithinMs, () => {
      this.#turnTimer = undefined;
      if (this.#waitsForItsTurn) this.#fail(new KvError('BUSY', 'the nodes had too much to answer: it was not sent'));
    });
  }

  /**
   * How long a write may still begin where nodes have much to do: one that begins late would most likely be under way when its
   * time ends, and nobody could say what became of it. Before that it is certain that it was not made.
   */
  get #beginWithinMs(): number {
    return Math.max(0, this.#remainingMs - this.#timeMs * timeToCarryOut);
  }

  /** Where a write must not arrive at two nodes, only the last attempt may leave when its turn comes. */
  #dropUnsent(): void {
    if (this.#spec.onlyThere !== true) return;
    for (const { forget } of this.#unsent) {
      forget();
      this.#forget.delete(forget);
      this.#attempts.dropped();
    }
    this.#unsent.clear();
  }

  #leave(attempt: Attempt): Omit<FrameHeader, 'operationId'> {
    attempt.left = true;
    this.#unsent.delete(attempt);
    this.#uncertain += 1;
    if (this.#spec.onlyThere === true) this.#attempts.stayAt(attempt.to);
    return { ...this.#spec.header(), deadlineMs: this.#deadlineForNode() };
  }

  #judge({ message }: Frame, attempt: Attempt): void {
    const verdict = this.#spec.judge(message);
    if (verdict.type === 'settled') this.#finish(() => this.#settle.resolve(verdict.result));
    else if (verdict.type === 'try-again') this.#ended(verdict.error, attempt, verdict.harmless);
    else {
      this.#uncertain -= 1;
      this.#fail(verdict.error);
    }
  }

  #ended(error: KvError, attempt: Attempt, harmless: boolean): void {
    if (harmless && attempt.left) this.#uncertain -= 1;
    const { code } = error;
    this.#unsent.delete(attempt);
    if (this.#uncertain === 0) this.#attempts.stayAt(undefined);
    if (refusesStamp(code) && this.#uncertain === 0) {
      this.#message = this.#spec.restamp?.(code) ?? this.#message;
    } else if (code === 'WRITE_TOO_OLD') {
      this.#fail(error);
      return;
    }
    // What a node answered says more than that another could not be reached.
    if (code !== 'UNREACHABLE' || this.#lastError === undefined) this.#lastError = error;
    const isBusy = code === 'BUSY';
    if (isBusy && this.#spec.kind === 'write' && this.#uncertain === 0 && this.#beginWithinMs === 0) this.#fail(error);
    else this.#carryOut(this.#attempts.ended(isBusy));
  }

  #fail(error: KvError): void {
    this.#finish(() => this.#settle.reject(this.#spec.kind === 'write' ? this.#writeError(error) : error));
  }

  /** Says of a write what is known of it, not only what went wrong last. */
  #writeError(error: KvError): KvError {
    const { code, message, receipt, cause } = error;
    if (this.#uncertain === 0) return new KvError(code, message, { outcome: 'rejected', receipt, cause });
    if (code === 'ABORTED') return new KvError(code, message, { outcome: 'unknown', receipt, cause });
    const text = `the write may have happened: ${message}`;
    return new KvError('WRITE_UNKNOWN', text, {
      outcome: 'unknown',
      receipt: receipt ?? this.#lastError?.receipt,
      cause: error,
    });
  }

  #finish(tell: () => void): void {
    if (this.#settled) return;
    this.#settled = true;
    this.#deadlineTimer?.cancel();
    this.#wakeTimer?.cancel();
    this.#turnTimer?.cancel();
    this.#spec.call.signal?.removeEventListener('abort', this.#abort);
    for (const forget of this.#forget) forget();
    tell();
  }

  #timeoutError(): KvError {
    const text = `no answer within ${this.#spec.call.timeoutMs} ms`;
    const last = this.#lastError;
    if (last === undefined && this.#waitsForItsTurn) return new KvError('BUSY', `${text}: it was never sent`);
    if (last === undefined) return new KvError('TIMEOUT', text);
    const isWhole = last.code === 'UNREACHABLE' || (last.code === 'BUSY' && this.#uncertain === 0);
    const code = isWhole ? last.code : 'TIMEOUT';
    return new KvError(code, `${text}; the last attempt: ${last.message}`, { receipt: last.receipt, cause: last });
  }

  /** The node was reached, and had so much to answer that nothing was sent to it. */
  get #waitsForItsTurn(): boolean {
    return this.#uncertain === 0 && this.#unsent.size > 0 && this.#lastAsked?.isOpen === true;
  }

  /** A little less than what remains here, so that the node's own account of a deadline arrives before this one's. */
  #deadlineForNode(): number {
    const remaining = this.#remainingMs;
    return Math.max(1, Math.floor(remaining - Math.min(longestHeadStartMs, remaining / 10)));
  }

  get #remainingMs(): number {
    return this.#spec.call.deadline - this.#now();
  }

  #now(): number {
    return this.#dependencies.ports.clock.monotonicMs();
  }
}

/** One try at one node. `left`: its request was handed to the link. */
interface Attempt {
  readonly to: string;
  left: boolean;
  forget: () => void;
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
