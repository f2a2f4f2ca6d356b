/**
 * The bytes of a text in UTF-8 without encoding it, or -1 when it holds half a surrogate pair: such a text has no UTF-8
 * form, and two different ones would arrive as the same id.
 */
export function utf8Length(text: string): number {
  let bytes = 0;
  for (let index = 0; index < text.length; index += 1) {
    const unit = text.charCodeAt(index);
    if (unit < 0x80) bytes += 1;
    else if (unit < 0x800) bytes += 2;
    else if (unit < 0xd800 || unit > 0xdfff) bytes += 3;
    else {
      const next = unit < 0xdc00 ? text.charCodeAt(index + 1) : 0;
      if (next < 0xdc00 || next > 0xdfff || Number.isNaN(next)) return -1;
      bytes += 4;
      index += 1;
    }
  }
  return bytes;
}

/** True for a well-formed text of 1 to `limit` bytes. The length in units is looked at first, so a huge text costs nothing. */
export function isBoundedText(value: unknown, limit: number): value is string {
  if (typeof value !== 'string' || value.length === 0 || value.length > limit) return false;
  const bytes = utf8Length(value);
  return bytes > 0 && bytes <= limit;
}
