/** Tells bytes that are damaged from bytes that came wrong once: a disk may misread, and what is only misread is not lost. */

import { isDamage } from './errors.ts';

/** False where a second reading finds damage too. */
export async function readsWell(read: () => Promise<unknown>): Promise<boolean> {
  return (await attempt(read)) || (await attempt(read));
}

async function attempt(read: () => Promise<unknown>): Promise<boolean> {
  try {
    await read();
    return true;
  } catch (error) {
    if (isDamage(error)) return false;
    throw error;
  }
}
