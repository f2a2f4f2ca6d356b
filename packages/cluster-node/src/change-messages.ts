/** Between a change on the wire and as the coordinator is asked for it. */
import { type Change, type ChangeReply, encodeRecordMeta } from '@kv/wire';
import { checkPlain } from './check-plain.ts';
import type { ChangeRequest, ChangeResult, RequestOptions } from './requests.ts';

/** @throws RequestError NOT_SUPPORTED for a compressed value */
export function changeRequest({ operation, condition, to }: Change, options: RequestOptions): ChangeRequest {
  if (to.type === 'delete') return { ...options, operation, condition, to };
  checkPlain(to);
  const { value, contentType, ttlMs } = to;
  return { ...options, operation, condition, to: { type: 'put', value, contentType, ttlMs } };
}

export function changeReply(result: ChangeResult, wantCurrent: boolean): ChangeReply {
  if (result.outcome === 'applied') {
    const { outcome, version, receipt } = result;
    return { type: 'change-reply', outcome, version, receipt };
  }
  if (result.outcome !== 'conflict') return { type: 'change-reply', ...result };
  const { current, ...conflict } = result;
  if (!wantCurrent || current === undefined) return { type: 'change-reply', ...conflict };
  return { type: 'change-reply', ...conflict, current: { meta: encodeRecordMeta(current.meta), value: current.value } };
}
