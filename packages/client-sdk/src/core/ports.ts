/** What a client needs from the world; `@kv/client-sdk` brings Node's, tests and simulations bring their own. */

export interface Clock {
  /** Milliseconds since 1970 by the wall clock. */
  wallMs(): number;
  /** Milliseconds since some fixed moment: never goes backwards. */
  monotonicMs(): number;
}

export interface Timer {
  /** After this, the callback is not called any more. */
  cancel(): void;
}

export interface Timers {
  /** Calls `run` once, not before `delayMs` milliseconds have passed. */
  set(delayMs: number, run: () => void): Timer;
}

export interface Random {
  /** A number in [0, 1). */
  next(): number;
  /** Bytes that nobody else draws: they tell this client's writes from all others'. */
  bytes(count: number): Uint8Array;
}

export interface LinkHandlers {
  /** What was sent before is on its way now. Called at most once. */
  opened(): void;
  received(chunk: Uint8Array): void;
  /** Called once, also when the link could not be made, but not after `close`. */
  closed(reason: string): void;
}

/** A connection of frames to one node (`Upgrade: kv/1`). */
export interface Link {
  /** Only after `opened`. */
  send(frame: Uint8Array): void;
  close(): void;
}

export interface Transport {
  /** Handlers are never called synchronously. */
  open(address: string, handlers: LinkHandlers): Link;
}

export interface ClientPorts {
  readonly clock: Clock;
  readonly timers: Timers;
  readonly random: Random;
  readonly transport: Transport;
}
