/**
 * Ids of changes of the topology: UUIDs of version 7 (RFC 9562 §5.7), so that the order of ids is that of the times at which
 * they were drawn, and a change that is older than all that is remembered shows as such.
 *
 *   u48 ms since 1970 · 7 (4 bits) · 12 bits random · 2 (2 bits) · 62 bits random
 */

const form = /^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;

/**
 * @param ms since 1970, 0 to 2^48−1
 * @param digits 19 random hexadecimal digits
 */
export function changeIdAt(ms: number, digits: string): string {
  const time = ms.toString(16).padStart(12, '0');
  const variant = '89ab'[Number.parseInt(digits.slice(3, 4), 16) % 4];
  const random = [`7${digits.slice(0, 3)}`, `${variant}${digits.slice(4, 7)}`, digits.slice(7, 19)];
  return [time.slice(0, 8), time.slice(8), ...random].join('-');
}

/** Milliseconds since 1970, or undefined where it is no UUID of version 7 in lowercase. */
export function changeIdMs(id: string): number | undefined {
  return form.test(id) ? Number.parseInt(id.slice(0, 8) + id.slice(9, 13), 16) : undefined;
}
