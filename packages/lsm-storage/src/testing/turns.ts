/** Waiting without a clock: for what can go on by itself. */

/** Lets everything that is ready run, without waiting for time to pass. */
export async function turns(): Promise<void> {
  for (let i = 0; i < 200; i++) await Promise.resolve();
}

/** Whether a promise has settled once everything that is ready has run. */
export async function isSettled(promise: Promise<unknown>): Promise<boolean> {
  let settled = false;
  const note = (): void => void (settled = true);
  promise.then(note, note);
  for (let i = 0; i < 20 && !settled; i++) await turns();
  return settled;
}
