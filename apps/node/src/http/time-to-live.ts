/** The time to live as requests name it, and the deadline as answers do. */
import { Problem } from './problem-details.ts';

const unitMs: Readonly<Record<string, number>> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 };
const form = /^(\d{1,15})(ms|s|m|h|d)?$/;
const mostMs = 2 ** 48 - 1;

/**
 * The parameter `ttl`: a whole number and a unit, `ms` if there is none.
 * @throws Problem INVALID_TTL
 */
export function ttlOf(parameters: ReadonlyMap<string, string>): number | undefined {
  const text = parameters.get('ttl');
  return text === undefined ? undefined : parseTtl(text);
}

/** @throws Problem INVALID_TTL */
export function parseTtl(text: string): number {
  const [, number, unit = 'ms'] = form.exec(text) ?? [];
  const ttlMs = Number(number) * (unitMs[unit] ?? Number.NaN);
  if (ttlMs <= mostMs) return ttlMs;
  const needed = 'ttl is a whole number of ms, s, m, h or d, at most 2^48-1 ms together, or 0 for ever';
  throw new Problem('INVALID_TTL', `${needed}, got ${JSON.stringify(text.slice(0, 40))}`);
}

/** Milliseconds since 1970 as RFC 3339 has them, in UTC. */
export function deadlineText(deadlineMs: number): string {
  return new Date(deadlineMs).toISOString();
}
