/** How much the long tests do: with `KV_SOAK=1` all of it, with seeds that differ from run to run; else a fixed part. */

interface Soak {
  readonly on: boolean;
  /** For fast-check. */
  readonly drawn: { readonly seed?: number };
  readonly timeout: number;
  times(usually: number): number;
}

const on = process.env['KV_SOAK'] === '1';

export const soak: Soak = {
  on,
  drawn: on ? {} : { seed: 20_260 },
  timeout: on ? 3_600_000 : 120_000,
  times: (usually) => (on ? 40 * usually : usually),
};
