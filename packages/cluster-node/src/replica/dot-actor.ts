/**
 * In whose name this member gives dots: its id, and when its storage was made. A set's context says of an actor "all of its
 * writes up to this one", so the name lives exactly as long as the memory of those writes: restarts keep both, and whoever
 * comes back on an emptied disk has another name, whose writes say nothing about those that were forgotten.
 */
import type { BatchOperation, StorageEngine } from '@kv/lsm-storage/core';
import { systemKey } from '@kv/wire';

const birthKey = systemKey('dot-actor');
const memberDigits = 32;

/** Writes the name down, durably, before it is used for the first time. */
export async function readDotActor(engine: StorageEngine, nodeId: string, wallMs: number): Promise<string> {
  const known = engine.getSync(birthKey);
  if (known !== undefined) return new TextDecoder().decode(known);
  const born = Math.trunc(wallMs).toString(16).padStart(12, '0');
  const actor = `${nodeId.replaceAll('-', '')}${born}`;
  await engine.put(birthKey, new TextEncoder().encode(actor));
  return actor;
}

/** As it is, to be written anew: what is stored of it is about to go. */
export function restatedDotActor(actor: string): BatchOperation {
  return { type: 'put', key: birthKey, value: new TextEncoder().encode(actor) };
}

/** Whose actor it is. */
export function memberOfActor(actor: string): string {
  return actor.slice(0, memberDigits).replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5');
}
