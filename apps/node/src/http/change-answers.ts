/** Turns what a coordinator says of a change in a strong keyspace into the answer over HTTP. */
import type { ChangeResult } from '@kv/cluster-node';
import { formatVersion } from '@kv/quorum';
import { diskIsFullEverywhere } from './full-disks.ts';
import { etag, type NameOf } from './key-answers.ts';
import { Problem, type ProblemCode } from './problem-details.ts';
import { deadlineText } from './time-to-live.ts';
import { receiptHeader, type ReceiptView, viewReceipt } from './receipt-header.ts';

type Failure = Extract<ChangeResult, { readonly outcome: 'unavailable' | 'unknown' }>;
type Conflict = Extract<ChangeResult, { readonly outcome: 'conflict' }>;

/**
 * The headers of a change that was made. The `ETag` of a value names its version, for the next `If-Match`; a key without
 * one has none.
 * @throws Problem CONDITION_FAILED naming the current version, and others for a change of which nobody knows
 */
export function changeHeaders(result: ChangeResult, to: 'put' | 'delete', nameOf: NameOf): Record<string, string> {
  const view = viewReceipt(result.receipt, nameOf);
  const headers = { 'kv-outcome': result.outcome, 'kv-receipt': receiptHeader(view) };
  switch (result.outcome) {
    case 'applied': {
      const expiry = result.deadline === undefined ? {} : { 'kv-deadline': deadlineText(result.deadline) };
      const version = { ...headers, ...expiry, 'kv-version': formatVersion(result.version) };
      return to === 'put' ? { ...version, etag: etag(result.version) } : version;
    }
    case 'conflict':
      throw conditionFailed(result, view, headers);
    case 'unavailable':
    case 'unknown':
      throw failed(result, view, headers);
  }
}

function conditionFailed({ version }: Conflict, view: ReceiptView, headers: Record<string, string>): Problem {
  const current = version && formatVersion(version);
  const detail = current === undefined ? 'the key has no value' : `the key has the version ${current}`;
  return new Problem('CONDITION_FAILED', `${detail}; nothing was changed`, {
    headers: { ...headers, ...(version !== undefined && { etag: etag(version) }) },
    members: {
      outcome: 'conflict',
      ...(current !== undefined && { current }),
      needed: view.needed,
      got: view.got,
      receipt: view,
    },
  });
}

function failed({ outcome, reason }: Failure, view: ReceiptView, headers: Record<string, string>): Problem {
  const { needed, got } = view;
  const meant = outcome === 'unknown' ? 'the change may have been made' : 'nothing was changed';
  const detail = `needed ${needed} of the key's owners to agree, got ${got}: ${failureDetails[reason]}; ${meant}`;
  const members = { outcome, needed, got, receipt: view };
  const isFull = outcome === 'unavailable' && diskIsFullEverywhere(view.replicas);
  return new Problem(isFull ? 'DISK_FULL' : problemOf[reason], detail, { headers, members });
}

const problemOf = {
  'too-few-replicas': 'TOO_FEW_REPLICAS',
  deadline: 'DEADLINE_PASSED',
  busy: 'BUSY',
  outbid: 'DEADLINE_PASSED',
  forgotten: 'DEADLINE_PASSED',
} as const satisfies Record<Failure['reason'], ProblemCode>;

const failureDetails: Readonly<Record<Failure['reason'], string>> = {
  'too-few-replicas': 'too few can answer',
  deadline: 'the deadline passed',
  busy: 'too many changes of the key wait here',
  outbid: 'other changes kept overtaking it',
  forgotten: 'too many changes came after it',
};
