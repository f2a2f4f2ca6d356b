/** One line on a terminal that says what is being measured; nothing where nobody looks. */
import type { CampaignEvents } from './run/campaign.ts';
import type { Step } from './run/plan.ts';

export class Progress implements CampaignEvents {
  readonly #write: ((text: string) => void) | undefined;
  readonly #startedAt = performance.now();
  readonly #timer: NodeJS.Timeout | undefined;
  #text = '';

  /** @param write to the terminal; `undefined` when there is none */
  constructor(write: ((text: string) => void) | undefined) {
    this.#write = write;
    if (write !== undefined) this.#timer = setInterval(() => this.#show(), 1000);
    this.#timer?.unref();
  }

  stepBegun({ tasks, engine, valueBytes, round }: Step, number: number, count: number): void {
    const [first] = tasks;
    const what = tasks.length === 1 && first !== undefined ? first.workload : `${tasks.length} workloads`;
    this.#text = `${number}/${count} ${what}, ${valueBytes} bytes, ${engine}, round ${round}`;
    this.#show();
  }

  /** Leaves the line empty. */
  stop(): void {
    clearInterval(this.#timer);
    this.#write?.('\r\u001B[K');
  }

  #show(): void {
    const seconds = Math.round((performance.now() - this.#startedAt) / 1000);
    this.#write?.(`\r\u001B[K${this.#text}, ${seconds} s`);
  }
}
