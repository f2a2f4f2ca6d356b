/** Whether as many servers as a write needs can be sent it now, where so much may wait to be sent to some that they cannot. */
import type { Counters } from '../counters.ts';
import { RequestError } from '../errors.ts';
import type { RequestPlan } from './request-plan.ts';

/**
 * Refused before it begins, a write is certainly not made; begun, it would be made in part where few can be sent it. Where
 * too few are up, that is for the write itself to find.
 * @throws RequestError BUSY
 */
export function checkRoom(plan: RequestPlan, hasRoom: (server: string) => boolean, counters: Counters): void {
  const { replicas, needed, down = [], sloppy = false, fallbacks = [] } = plan;
  let [reachable, withRoom] = [0, 0];
  const count = (server: string): void => {
    reachable += 1;
    if (hasRoom(server)) withRoom += 1;
  };
  for (const owner of replicas) if (!down.includes(owner)) count(owner);
  if (withRoom >= needed) return;
  if (sloppy) fallbacks.forEach(count);
  if (withRoom >= needed || reachable < needed) return;
  counters.busyRefusals += 1;
  const waits = `so much waits to be sent to others that only ${withRoom} can be sent more`;
  throw new RequestError('BUSY', `needed ${needed} servers to send the write to, and ${waits}; nothing was done`);
}
