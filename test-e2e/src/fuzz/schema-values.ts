/** Arbitrary values of a schema, and texts that no value of it is written as. */
import fc from 'fast-check';
import type { ApiDocument, Schema } from './api-document.ts';

const deepest = 4;

/** Values that fit the schema, as far as its keywords are known here. */
export function valuesOf(document: ApiDocument, given: Schema, depth = 0): fc.Arbitrary<unknown> {
  const schema = document.resolve(given);
  if (schema.const !== undefined) return fc.constant(schema.const);
  if (schema.enum !== undefined) return fc.constantFrom(...schema.enum);
  const variants = schema.anyOf ?? schema.oneOf;
  if (variants !== undefined) return fc.oneof(...variants.map((variant) => valuesOf(document, variant, depth)));
  if (schema.allOf !== undefined) {
    const parts = fc.tuple(...schema.allOf.map((part) => valuesOf(document, part, depth)));
    return parts.map((values) => Object.assign({}, ...values) as unknown);
  }
  const types = typeof schema.type === 'string' ? [schema.type] : (schema.type ?? []);
  if (types.length === 0) return fc.jsonValue({ maxDepth: 2 });
  return fc.oneof(...types.map((type) => valuesOfType(document, schema, type, depth)));
}

function valuesOfType(document: ApiDocument, schema: Schema, type: string, depth: number): fc.Arbitrary<unknown> {
  switch (type) {
    case 'integer':
      return integersOf(boundsOf(schema));
    case 'number':
      return fc.double({ ...boundsOf(schema), noNaN: true });
    case 'string':
      return textsOf(schema);
    case 'boolean':
      return fc.boolean();
    case 'null':
      return fc.constant(null);
    case 'array': {
      const items = depth >= deepest ? fc.constant(null) : valuesOf(document, schema.items ?? {}, depth + 1);
      return fc.array(items, { minLength: schema.minItems ?? 0, maxLength: schema.maxItems ?? 5 });
    }
    default:
      return objectsOf(document, schema, depth);
  }
}

/** Often the least ones: of a count they are those that a small cluster can have. */
function integersOf({ min, max }: { min: number; max: number }): fc.Arbitrary<number> {
  return fc.oneof(fc.integer({ min, max: Math.min(max, min + 2) }), fc.integer({ min, max }));
}

/** Lengths are counted in code points, as JSON schema does. */
function textsOf({ pattern, minLength = 0, maxLength = Math.max(minLength, 40) }: Schema): fc.Arbitrary<string> {
  if (pattern !== undefined) return fc.stringMatching(new RegExp(pattern, 'u'));
  const lengths = { minLength, maxLength };
  return fc.oneof(fc.string(lengths), fc.string({ unit: 'binary', ...lengths }));
}

function objectsOf(document: ApiDocument, schema: Schema, depth: number): fc.Arbitrary<unknown> {
  if (depth >= deepest) return fc.constant({});
  const fields = Object.fromEntries(
    Object.entries(schema.properties ?? {}).map(([name, field]) => [name, valuesOf(document, field, depth + 1)]),
  );
  const requiredKeys = (schema.required ?? []).filter((name) => Object.hasOwn(fields, name));
  return fc.record(fields, { requiredKeys });
}

function boundsOf({ minimum, maximum, exclusiveMinimum, exclusiveMaximum }: Schema): { min: number; max: number } {
  const min = minimum ?? (exclusiveMinimum === undefined ? -1000 : exclusiveMinimum + 1);
  const max = maximum ?? (exclusiveMaximum === undefined ? Math.max(min, 1000) : exclusiveMaximum - 1);
  return { min, max };
}

/** Texts of a parameter that its schema refuses; undefined where every text is a value. */
export function refusedTextsOf(document: ApiDocument, given: Schema): fc.Arbitrary<string> | undefined {
  const schema = document.resolve(given);
  const { enum: listed } = schema;
  if (listed !== undefined) {
    const texts = new Set(listed.map(String));
    const near = listed.map((value) => `${String(value)}x`);
    return fc.oneof(fc.constantFrom('', ...near), fc.string()).filter((text) => !texts.has(text));
  }
  if (schema.type === 'boolean') return fc.constantFrom('', 'yes', 'TRUE', '0', 'null');
  if (schema.type !== 'integer' && schema.type !== 'number') return undefined;
  const outside = [schema.minimum ?? 0, schema.exclusiveMinimum ?? 0].map((least) => String(least - 1));
  if (schema.maximum !== undefined) outside.push(String(schema.maximum + 1));
  const noNumbers = fc.constantFrom('', 'x', 'NaN', '--1', '1,0', '0x10', '9'.repeat(40), ' ');
  return schema.minimum === undefined ? noNumbers : fc.oneof(noNumbers, fc.constantFrom(...outside));
}
