import { describe, expect, test } from 'vitest'
import { draftOf, fill, type Draft } from '../../../inspector/web/views/drive/form-draft.ts'
import { fieldOf, needsInput, without } from '../../../inspector/web/views/drive/form-fields.ts'

/** Forms from JSON Schema: the fields, and the value of what was filled in. */

const object = (properties: object, required: readonly string[] = []) => fieldOf({ type: 'object', properties, required })
const filled = (field: ReturnType<typeof fieldOf>, draft: Draft) => {
  const { value, errors } = fill(field, draft)
  return { value, errors: Object.fromEntries(errors) }
}

describe('fields', () => {
  test.each([
    [{ const: 1 }, 'constant'],
    [{ enum: ['a', 'b'] }, 'choice'],
    [{ anyOf: [{ const: 'a' }, { const: 'b' }] }, 'choice'],
    [{ type: 'boolean' }, 'yes-no'],
    [{ type: 'integer', minimum: 1 }, 'number'],
    [{ type: 'string' }, 'text'],
    [{ type: ['string', 'null'] }, 'text'],
    [{ anyOf: [{ type: 'string' }, { type: 'null' }] }, 'text'],
    [{ type: 'array', items: { type: 'string' } }, 'list'],
    [{ type: 'object', additionalProperties: { type: 'string' } }, 'map'],
    [{ type: 'object', properties: {} }, 'object'],
    [{ type: 'object' }, 'json'],
    [{ anyOf: [{ type: 'boolean' }, { type: 'integer' }] }, 'json'],
    [{}, 'json'],
  ])('%j is %s', (schema, kind) => {
    expect(fieldOf(schema).kind).toBe(kind)
  })

  test('what is referred to is found, also where it refers to itself', () => {
    const tree = fieldOf({
      $ref: '#/$defs/node',
      $defs: { node: { type: 'object', properties: { name: { type: 'string' }, child: { $ref: '#/$defs/node' } } } },
    })
    expect(tree).toMatchObject({ kind: 'object', fields: [{ field: { kind: 'text' } }, { field: { kind: 'object' } }] })
    expect(JSON.stringify(tree)).toContain('"json"')
  })

  test('an event with nothing but its type needs no form', () => {
    expect(needsInput(object({ type: { const: 'STOP' } }, ['type']))).toBe(false)
    expect(needsInput(object({ type: { const: 'STOP' }, because: { type: 'string' } }, ['type']))).toBe(true)
    expect(needsInput(without(object({ wait: { type: 'boolean' } }), ['wait']))).toBe(false)
  })
})

describe('the value of a form', () => {
  const field = object(
    {
      type: { const: 'SET' },
      name: { type: 'string', minLength: 2, maxLength: 4 },
      count: { type: 'integer', minimum: 1, maximum: 9 },
      share: { type: 'number', minimum: 0 },
      on: { type: 'boolean' },
      remember: { type: 'boolean', default: true },
      level: { enum: ['low', 'high'] },
      args: { type: 'array', items: { type: 'string' }, maxItems: 2 },
      env: { type: 'object', additionalProperties: { type: 'string' } },
      probe: { type: 'object', properties: { port: { type: 'integer' } }, required: ['port'] },
      more: {},
    },
    ['type', 'name', 'count'],
  )

  test('everything filled in', () => {
    const draft = {
      name: 'web',
      count: ' 3 ',
      share: '0.5',
      on: false,
      remember: false,
      level: '"high"',
      args: ['a', ''],
      env: [{ name: 'A', value: 'b' }],
      probe: { port: '80' },
      more: '[1]',
    }
    expect(filled(field, draft)).toEqual({
      errors: {},
      value: {
        type: 'SET',
        name: 'web',
        count: 3,
        share: 0.5,
        on: false,
        remember: false,
        level: 'high',
        args: ['a', ''],
        env: { A: 'b' },
        probe: { port: 80 },
        more: [1],
      },
    })
  })

  test('what is optional and empty is left out; what is usual is sent as it is', () => {
    const begin = draftOf(field, { name: 'web', count: 1 })
    expect(filled(field, begin)).toEqual({ errors: {}, value: { type: 'SET', name: 'web', count: 1, remember: true } })
  })

  test('an object that was begun must be whole', () => {
    const two = object({
      probe: { type: 'object', properties: { host: { type: 'string' }, port: { type: 'integer' } }, required: ['port'] },
    })
    expect(filled(two, { probe: { host: 'x', port: '' } }).errors).toEqual({ 'probe.port': 'expected a number' })
    expect(filled(two, { probe: { host: '', port: '' } })).toEqual({ errors: {}, value: {} })
  })

  test('each error is at its field', () => {
    const draft = {
      name: 'w',
      count: '10',
      share: '-1',
      args: ['a', 'b', 'c'],
      env: [
        { name: '', value: '' },
        { name: 'A', value: '' },
        { name: 'A', value: '' },
      ],
      more: '{',
    }
    expect(filled(field, draft).errors).toMatchObject({
      name: 'expected at least 2 characters',
      count: 'expected a whole number from 1 to 9',
      share: 'expected a number of at least 0',
      args: 'expected at most 2',
      'env.0': 'expected a name',
      'env.2': 'this name is there already',
      more: expect.stringContaining('expected JSON') as string,
    })
    expect(filled(field, { ...draft, count: '1.5' }).errors).toMatchObject({ count: 'expected a whole number from 1 to 9' })
    expect(filled(field, { ...draft, count: 'x' }).errors).toMatchObject({ count: 'expected a whole number from 1 to 9' })
  })
})
