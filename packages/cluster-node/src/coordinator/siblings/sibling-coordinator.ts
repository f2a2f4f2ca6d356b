/**
 * Coordinates requests of keyspaces with siblings. Any member reads; a write gets its dot from an owner of the key, this
 * member if it is one.
 */
import { noCodec } from '@kv/lsm-storage/core';
import type { Context, Version } from '@kv/quorum';
import { decodeContext, type SiblingContent, type SiblingValue, type TopologyKeyspace, WireError } from '@kv/wire';
import { RequestError } from '../../errors.ts';
import { packValue } from '../../record.ts';
import type { RecordPlace } from '../../replica/replica.ts';
import type { GetResult, PutResult } from '../../requests.ts';
import type { CoordinatorDependencies, Refused } from '../coordinator.ts';
import type { DrivenRead } from '../read-driver.ts';
import { checkValue } from '../request-checks.ts';
import { SiblingForward } from './sibling-forward.ts';
import { SiblingReadDriver } from './sibling-read-driver.ts';
import { mostBytesFor, type PlannedWrite, SiblingWriteDriver } from './sibling-write-driver.ts';

export interface AskedSibling {
  readonly version: Version | undefined;
  /** As the client was told it. */
  readonly context: Uint8Array | undefined;
  /** `undefined`: a deletion. */
  readonly value: { readonly contentType: string; readonly bytes: Uint8Array } | undefined;
}

export class SiblingCoordinator {
  readonly #dependencies: CoordinatorDependencies;

  constructor(dependencies: CoordinatorDependencies) {
    this.#dependencies = dependencies;
  }

  /** @param read with the nearest replicas first */
  get(read: DrivenRead, done: (result: GetResult) => void): void {
    new SiblingReadDriver(this.#dependencies, read, done).start();
  }

  /**
   * @param planned with the nearest replicas first
   * @throws RequestError INVALID_CONTEXT, VALUE_TOO_LARGE
   */
  write(planned: PlannedWrite, asked: AskedSibling, done: (result: PutResult) => void, refused: Refused): void {
    const { self, access } = this.#dependencies;
    const { plan } = planned;
    if (asked.value !== undefined) checkValue(asked.value.bytes, mostBytesFor(plan.keyspace.replicas));
    if (asked.value === undefined && asked.context === undefined) {
      throw new RequestError(
        'INVALID_CONTEXT',
        'a deletion takes the context of a read: without one it would delete nothing',
      );
    }
    const context = checkedContext(asked.context, plan.place);
    const value = this.#packed(asked.value, plan.keyspace);
    const { version } = asked;
    const forwarded = {
      version,
      ...(asked.context && { context: asked.context }),
      ...(value && { content: contentOf(value) }),
    };
    const forward = (): void => new SiblingForward(this.#dependencies, planned, forwarded, done, refused).start();
    if (!plan.replicas.includes(self) || access.isLost(plan.place)) return forward();
    const write = { version, context, value };
    // Who has given it an id may try it again here, where it would be made once more: he tries another owner himself.
    const elsewhere = version === undefined ? forward : undefined;
    new SiblingWriteDriver(this.#dependencies, planned, write, done, refused, elsewhere).start();
  }

  #packed(value: AskedSibling['value'], { compressed }: TopologyKeyspace): SiblingValue | undefined {
    if (value === undefined) return undefined;
    const codec = compressed ? this.#dependencies.codec : noCodec;
    return { contentType: value.contentType, ...packValue(value.bytes, codec) };
  }
}

/** @throws WireError when it is not a context of this key */
export function contextIn(
  context: Uint8Array | undefined,
  { keyspaceId, key }: Pick<RecordPlace, 'keyspaceId' | 'key'>,
): Context {
  return context === undefined ? new Map() : decodeContext(context, keyspaceId, key);
}

export function siblingValueIn(content: SiblingContent | undefined): SiblingValue | undefined {
  if (content === undefined) return undefined;
  const { value: bytes, ...described } = content;
  return { ...described, bytes };
}

function contentOf({ bytes: value, ...described }: SiblingValue): SiblingContent {
  return { ...described, value };
}

function checkedContext(context: Uint8Array | undefined, place: RecordPlace): Context {
  try {
    return contextIn(context, place);
  } catch (error) {
    if (!(error instanceof WireError)) throw error;
    throw new RequestError('INVALID_CONTEXT', `the context is not one that was read from this key: ${error.message}`, {
      cause: error,
    });
  }
}
