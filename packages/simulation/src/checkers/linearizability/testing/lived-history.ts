/** A history that is legal, because a register lived through it. */
import type { RegisterAction, RegisterCondition } from '../register-model.ts';
import type { TimedOperation } from '../sequential-model.ts';

export type LivedOperation = TimedOperation<RegisterAction>;

export interface LivedStep {
  readonly kind: 'get' | 'put' | 'delete';
  /** Of a write: what it asks of the register before, `right` if that is so. */
  readonly condition: 'none' | 'absent' | 'version' | 'value';
  readonly right: boolean;
  /** The moment in which it takes effect is between its beginning and its end, those times away. */
  readonly before: number;
  readonly after: number;
  /** Of a write: its client was told nothing, and it took effect or not. */
  readonly unknown: 'no' | 'done' | 'never';
  /** Of an unknown write: whether its version is known all the same. */
  readonly tellsVersion: boolean;
}

/** One step after the other: step `i` takes effect, if it does, at `10 * i`. */
export function live(steps: readonly LivedStep[]): LivedOperation[] {
  let held: { value: string; version: string } | undefined;
  return steps.map((drawn, index) => {
    const at = 10 * index;
    const times = { startedAt: at - drawn.before, endedAt: at + drawn.after };
    if (drawn.kind === 'get') return { ...times, action: { type: 'read', value: held?.value, version: held?.version } };
    const condition = conditionFor(drawn, held);
    const written = drawn.kind === 'put' ? { value: `v${index}`, version: `${index}` } : undefined;
    const isTold = drawn.unknown === 'no' || drawn.tellsVersion;
    const version = isTold ? written?.version : undefined;
    const action = { type: 'write', value: written?.value, version, condition } as const;
    if (drawn.unknown === 'never') return { action, startedAt: times.startedAt, endedAt: Infinity };
    if (condition !== undefined && !isTrueOf(condition, held)) {
      return { ...times, action: { type: 'refusal', condition, version: held?.version } };
    }
    held = written;
    return { action, startedAt: times.startedAt, endedAt: drawn.unknown === 'done' ? Infinity : times.endedAt };
  });
}

function conditionFor(
  { condition, right }: LivedStep,
  held: { value: string; version: string } | undefined,
): RegisterCondition | undefined {
  switch (condition) {
    case 'none':
      return undefined;
    case 'absent':
      return { type: 'value', value: undefined };
    case 'version':
      return { type: 'version', version: right && held !== undefined ? held.version : 'another' };
    case 'value':
      return { type: 'value', value: right ? held?.value : 'another' };
  }
}

function isTrueOf(condition: RegisterCondition, held: { value: string; version: string } | undefined): boolean {
  return condition.type === 'value' ? condition.value === held?.value : condition.version === held?.version;
}
