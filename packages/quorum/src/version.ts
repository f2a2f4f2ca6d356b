/**
 * A version names one write for ever: when (the stamp of a hybrid logical clock) and by whom (the actor, 16 bytes).
 * Versions are totally ordered, so every replica that has seen the same writes holds the same one, in whatever order
 * they arrived. A retried write carries the version of its first try and is therefore the same write.
 */
import { compareStamps, isStamp, type Stamp } from './stamp.ts';
import { QuorumError } from './errors.ts';

export interface Version extends Stamp {
  /** Who stamped the write: 16 bytes as 32 lowercase hexadecimal digits. Breaks ties between equal stamps. */
  readonly actor: string;
}

const textForm = /^([0-9a-f]{12})([0-9a-f]{4})-([0-9a-f]{32})$/;
const actorForm = /^[0-9a-f]{32}$/;

/** Negative when `a` loses against `b`, zero when they are the same write, positive when `a` wins. */
export function compareVersions(a: Version, b: Version): number {
  return compareStamps(a, b) || (a.actor < b.actor ? -1 : a.actor > b.actor ? 1 : 0);
}

/** `undefined` (nothing known) loses against every version. */
export function newerOf(a: Version | undefined, b: Version | undefined): Version | undefined {
  if (a === undefined || b === undefined) return a ?? b;
  return compareVersions(a, b) >= 0 ? a : b;
}

export function sameVersion(a: Version | undefined, b: Version | undefined): boolean {
  if (a === undefined || b === undefined) return a === b;
  return compareVersions(a, b) === 0;
}

/** True when stamp and actor have the form that the wire and the disk can hold. */
export function isVersion(version: Version): boolean {
  return isStamp(version) && actorForm.test(version.actor);
}

/** The text form of ETags, receipts and logs: `<ms, 12 hex><counter, 4 hex>-<actor, 32 hex>`; its byte order is version order. */
export function formatVersion(version: Version): string {
  return `${hex(version.ms, 12)}${hex(version.counter, 4)}-${version.actor}`;
}

/** @throws QuorumError INVALID_VERSION when `text` was not made by {@link formatVersion}. */
export function parseVersion(text: string): Version {
  const match = textForm.exec(text);
  if (match === null) {
    throw new QuorumError('INVALID_VERSION', `a version has the form <16 hex>-<32 hex>, got ${JSON.stringify(text)}`);
  }
  const [, ms = '', counter = '', actor = ''] = match;
  return { ms: Number.parseInt(ms, 16), counter: Number.parseInt(counter, 16), actor };
}

function hex(value: number, digits: number): string {
  return value.toString(16).padStart(digits, '0');
}
