/** When a node that has just started may say that it is there: it serves, and has heard from those that it can. */
import type { NodeStatus, Timers } from '@kv/cluster-node';

const pollMs = 50;
/** A majority is enough after this: somebody may be down for good. */
const patienceMs = 5000;

/** Calls `run` once, when the node is ready. Returns what stops the waiting. */
export function whenReady(status: () => NodeStatus, timers: Timers, run: () => void): () => void {
  let waitedMs = 0;
  let timer = timers.set(0, check);
  function check(): void {
    if (isReady(status(), waitedMs)) {
      run();
      return;
    }
    waitedMs += pollMs;
    timer = timers.set(pollMs, check);
  }
  return () => timer.cancel();
}

export function isReady({ ready, members }: NodeStatus, waitedMs: number): boolean {
  if (!ready) return false;
  const alive = members.filter(({ state }) => state === 'alive').length;
  return alive === members.length || (waitedMs >= patienceMs && alive > members.length / 2);
}
