/** One call of a client: what it has of time, for all that it does, counted from its beginning. */
import { KvError } from './errors.ts';
import { type CallOptions, checkTimeout } from './options.ts';
import type { ClientPorts } from './ports.ts';

export interface Call {
  /** As its caller, or the client, said. */
  readonly timeoutMs: number;
  /** Monotonic milliseconds. */
  readonly deadline: number;
  readonly signal: AbortSignal | undefined;
}

/** @throws KvError INVALID_TIMEOUT, ABORTED */
export function beginCall(
  { timeoutMs, signal }: Pick<CallOptions, 'timeoutMs' | 'signal'> & { readonly timeoutMs: number },
  { clock }: Pick<ClientPorts, 'clock'>,
): Call {
  checkTimeout(timeoutMs);
  if (signal?.aborted === true) throw abortError({ signal });
  return { timeoutMs, deadline: clock.monotonicMs() + timeoutMs, signal };
}

/**
 * What others may wait for too, and no longer than the call does; it goes on without it.
 * @param question to which it is the answer
 * @throws KvError TIMEOUT, ABORTED, and what the promise rejects with
 */
export function within<Result>(
  call: Call,
  { clock, timers }: Pick<ClientPorts, 'clock' | 'timers'>,
  { waited, question }: { readonly waited: Promise<Result>; readonly question: string },
): Promise<Result> {
  const { deadline, timeoutMs, signal } = call;
  return new Promise((resolve, reject) => {
    const end = (tell: () => void): void => {
      timer.cancel();
      signal?.removeEventListener('abort', abort);
      tell();
    };
    const abort = (): void => end(() => reject(abortError(call)));
    const late = (): void =>
      end(() => reject(new KvError('TIMEOUT', `nobody told within ${timeoutMs} ms ${question}`)));
    const timer = timers.set(Math.max(0, deadline - clock.monotonicMs()), late);
    signal?.addEventListener('abort', abort, { once: true });
    waited.then(
      (result) => end(() => resolve(result)),
      (error: Error) => end(() => reject(error)),
    );
  });
}

export function abortError({ signal }: Pick<Call, 'signal'>): KvError {
  return new KvError('ABORTED', 'the request was aborted by its signal', { cause: signal?.reason });
}
