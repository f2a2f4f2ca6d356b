/** A page of a scan as JSON. It is put together as text, so that stored JSON gets into it as it is. */
import type { ScanEntry, ScanResult } from '@kv/cluster-node';
import { formatVersion } from '@kv/quorum';
import { keyForm } from './key-form.ts';
import { type NameOf, readFailure } from './key-answers.ts';
import { deadlineText } from './time-to-live.ts';
import { valueForm } from './value-form.ts';

/** @throws Problem when nothing of the page could be read */
export function pageAnswer(result: ScanResult, encoding: 'base64url' | undefined, nameOf: NameOf): string {
  if (result.outcome !== 'page') throw readFailure(result.outcome, result.receipt, nameOf);
  const { entries, cursor } = result;
  const items = entries.map((entry) => itemText(entry, encoding)).join(',\n');
  const next = cursor === undefined ? '' : `,"cursor":"${Buffer.from(cursor).toString('base64url')}"`;
  return `{"items":[${items}]${next}}\n`;
}

function itemText(entry: ScanEntry, encoding: 'base64url' | undefined): string {
  const { key, version, contentType, length, deadline, value } = entry;
  const described = {
    ...keyForm(key, encoding),
    version: formatVersion(version),
    contentType,
    length,
    ...(deadline !== undefined && { deadline: deadlineText(deadline) }),
  };
  const text = JSON.stringify(described);
  return value === undefined ? text : `${text.slice(0, -1)},"value":${valueForm(contentType, value)}}`;
}
