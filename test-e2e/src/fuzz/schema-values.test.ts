import { Ajv2020 } from 'ajv/dist/2020.js';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { ApiDocument, type Schema } from './api-document.ts';
import { refusedTextsOf, valuesOf } from './schema-values.ts';

const named: Schema = {
  type: 'object',
  required: ['name'],
  properties: { name: { type: 'string', minLength: 2, maxLength: 5 } },
};
const document = new ApiDocument({ paths: {}, components: { schemas: { Named: named } } });
const ajv = new Ajv2020({ strict: false });
ajv.addSchema({ $id: 'here', ...document.json });

it.each<[string, Schema]>([
  ['an integer', { type: 'integer', minimum: 3, maximum: 9 }],
  ['a name', { type: 'string', pattern: '^[a-z][a-z0-9-]{0,10}$' }],
  ['a number above', { type: 'integer', exclusiveMinimum: 3 }],
  ['a list of words', { enum: ['a', 'b', 3] }],
  ['one of two', { oneOf: [{ type: 'boolean' }, { const: 7 }] }],
  ['a reference', { $ref: '#/components/schemas/Named' }],
  [
    'both',
    {
      allOf: [
        { $ref: '#/components/schemas/Named' },
        { type: 'object', required: ['n'], properties: { n: { type: 'integer' } } },
      ],
    },
  ],
  ['an array of some', { type: 'array', minItems: 1, maxItems: 3, items: { $ref: '#/components/schemas/Named' } }],
  ['a nullable one', { type: ['null', 'string'] }],
  ['anything', {}],
])('values of %s fit its schema', (_what, schema) => {
  const pointed = JSON.parse(JSON.stringify(schema).replaceAll('"#/', '"here#/')) as object;
  const validate = ajv.compile(pointed);
  fc.assert(
    fc.property(valuesOf(document, schema), (value) => {
      expect(validate(value), JSON.stringify(validate.errors)).toBe(true);
    }),
  );
});

it.each<[Schema, RegExp]>([
  [{ type: 'integer', minimum: 1, maximum: 9 }, /^[1-9]$/],
  [{ enum: ['one', 'two'] }, /^(one|two)$/],
  [{ type: 'boolean' }, /^(true|false)$/],
])('refused texts are no value of %j', (schema, values) => {
  fc.assert(
    fc.property(refusedTextsOf(document, schema)!, (text) => {
      expect(text).not.toMatch(values);
    }),
  );
});

it('knows no refused text of what takes any text', () => {
  expect(refusedTextsOf(document, { type: 'string' })).toBeUndefined();
});
