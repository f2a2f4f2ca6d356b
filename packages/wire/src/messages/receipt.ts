/** How a receipt lies in an answer; what it says is told by `@kv/quorum`. */
import type { Receipt, Repairs, ReplicaAnswer, ReplicaAnswerKind } from '@kv/quorum';
import { text } from '../layout/byte-strings.ts';
import { list, optional, struct } from '../layout/composites.ts';
import { uuid, version } from '../layout/fields.ts';
import type { Layout } from '../layout/layout.ts';
import { choice, microseconds, u64, u8 } from '../layout/scalars.ts';

/** Frozen: never change or reuse a number. */
const answer = choice<ReplicaAnswerKind>({
  applied: 1,
  superseded: 2,
  held: 3,
  absent: 4,
  refused: 5,
  unreachable: 6,
  pending: 7,
  down: 8,
});

const replicaAnswer = struct<ReplicaAnswer>({
  replica: uuid,
  role: choice<ReplicaAnswer['role']>({ primary: 1, fallback: 2 }),
  hintFor: optional(uuid),
  answer,
  version: optional(version),
  latencyMs: optional(microseconds),
  reason: optional(text(64)),
});

/** Seven owners, a hint for each of them kept by the coordinator, and the fallbacks that were asked. */
const maxAnswers = 32;

export const receipt: Layout<Receipt> = struct<Receipt>({
  mode: choice<Receipt['mode']>({ strict: 1, sloppy: 2 }),
  epoch: u64,
  needed: u8,
  got: u8,
  repairs: struct<Repairs>({ sent: u8, acknowledged: u8, needed: u8, held: u8 }),
  replicas: list(replicaAnswer, maxAnswers),
});
