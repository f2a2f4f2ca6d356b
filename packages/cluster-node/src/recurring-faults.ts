/**
 * Faults that come again and again from one cause, such as frames that cannot be read because one member sends nonsense: a
 * cause is logged when it is first met, and once more when it has not been met for a while, with how often it was. However
 * fast they come, whoever causes them writes two lines.
 */
import type { Clock, Log, LogFields } from './ports.ts';

/** A cause that was not met for so long is over; when it is met again, that is news. */
const quietMs = 60_000;
/** Causes that are remembered at once. Others go by without a word meanwhile; counters count them all. */
const mostCauses = 1000;

interface Recurrence {
  readonly event: string;
  readonly fields: LogFields;
  /** Monotonic milliseconds. */
  readonly since: number;
  last: number;
  times: number;
}

export class RecurringFaults {
  readonly #clock: Pick<Clock, 'monotonicMs'>;
  readonly #log: Log;
  readonly #recurring = new Map<string, Recurrence>();

  constructor({ clock, log }: { readonly clock: Pick<Clock, 'monotonicMs'>; readonly log: Log }) {
    this.#clock = clock;
    this.#log = log;
  }

  /**
   * @param event of the log: a warning; its end is `<event>-ended`, at level info, for a fault that came more than once
   * @param cause fields that tell one cause from another, and name it in both lines
   * @param more only in the first line
   */
  met(event: string, cause: LogFields, more: LogFields = {}): void {
    const name = `${event} ${Object.values(cause).join(' ')}`;
    const now = this.#clock.monotonicMs();
    const known = this.#recurring.get(name);
    if (known !== undefined) {
      known.last = now;
      known.times += 1;
    } else if (this.#recurring.size < mostCauses) {
      this.#recurring.set(name, { event, fields: cause, since: now, last: now, times: 1 });
      this.#log.warn(event, { ...cause, ...more });
    }
  }

  /** To be called every few seconds at least. */
  tick(): void {
    const now = this.#clock.monotonicMs();
    for (const [name, { event, fields, since, last, times }] of this.#recurring) {
      if (now - last <= quietMs) continue;
      this.#recurring.delete(name);
      if (times > 1) this.#log.info(`${event}-ended`, { ...fields, times, forMs: Math.round(last - since) });
    }
  }
}
