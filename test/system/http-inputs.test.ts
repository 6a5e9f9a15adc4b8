import { existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { registry } from '../../src/commands/registry.ts'
import { apiPathOf, inputSchemaOf } from '../../src/protocol/api.ts'
import { httpFleet, json, type HttpFleet } from '../support/http.ts'
import { places, replaced, sample, wrong } from '../support/schema-samples.ts'
import { specOf } from '../support/specs.ts'

/** What every command makes of inputs that are wrong, or that would like to be more than a text. */

let fleet: HttpFleet
let folder: string
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'hyphae-canaries-'))
  fleet = await httpFleet({ services: [specOf({ name: 'web', command: '/bin/sleep', args: ['1000'] })] })
})
afterAll(async () => {
  await fleet.end()
  rmSync(folder, { recursive: true, force: true })
})

interface Told {
  readonly status: number
  readonly error?: { readonly code: string; readonly message: string; readonly data: Record<string, unknown> }
}
async function post(command: string, body: string): Promise<Told> {
  const response = await fetch(`${fleet.origin}${apiPathOf(command)}`, { method: 'POST', headers: json, body })
  return { status: response.status, ...((await response.json()) as Omit<Told, 'status'>) }
}
const all = [...registry.values()]
const posted = all.filter(({ kind }) => kind !== 'stream')

describe('a wrong type is told with the field that has it', () => {
  test.each(posted.map((command) => [command.name, command] as const))('%s', async (name, command) => {
    const schema = inputSchemaOf(command)
    const whole = sample(schema, true)
    for (const { at, schema: there } of places(schema)) {
      for (const value of wrong(there)) {
        const { status, error } = await post(name, JSON.stringify(replaced(whole, at, value)))
        const shown = `${at.join('.')} = ${JSON.stringify(value)}: ${JSON.stringify(error)}`
        expect([status, error?.code], shown).toEqual([400, 'invalid_params'])
        expect(String(error?.data['field']).split('.')[0], shown).toBe(at[0])
      }
    }
    for (const field of schema.required ?? []) {
      const { status, error } = await post(name, JSON.stringify({ ...(whole as object), [field]: undefined }))
      expect([status, error?.data['field']]).toEqual([400, field])
    }
    const more = await post(name, JSON.stringify({ ...(whole as object), no_such_field: 1 }))
    expect([more.status, more.error?.data['field']]).toEqual([400, 'no_such_field'])
    for (const body of ['{', '[]', '7', 'null', '"x"', '{"a":1}}', '\u{feff}{}', '{"__proto__":', 'services=web']) {
      const { status, error } = await post(name, body)
      expect([400, 413], `${body}: ${JSON.stringify(error)}`).toContain(status)
    }
  })
})

describe('a text stays a text', () => {
  /** What a shell, an interpreter of paths or one of headers would make something of; each would leave a file. */
  const canaries = (file: string): string[] => [
    `$(touch ${file})`,
    `\`touch ${file}\``,
    `web; touch ${file}`,
    `web | touch ${file}`,
    `web && touch ${file}`,
    `web\ntouch ${file}\n`,
    `'; touch ${file}; '`,
    `"; touch ${file}; "`,
    `$\{IFS}touch$\{IFS}${file}`,
    `--output=${file}`,
    `../../../../../../..${file}`,
    `file://${file}`,
    `>${file}`,
    `web\r\nX-Injected: 1`,
    `\u0000${file}`,
    '%00%0a%0d',
    '__proto__',
  ]
  // These would end what is asked.
  const ending = new Set(['system.shutdown', 'system.leave'])
  let count = 0
  const next = (): string => join(folder, `canary-${++count}`)

  test('in every parameter of every command', async () => {
    const failed: unknown[] = []
    for (const command of posted.filter(({ name }) => !ending.has(name))) {
      const schema = inputSchemaOf(command)
      const whole = { ...(sample(schema, true) as object), ...(command.kind === 'mutation' ? { wait: false } : {}) }
      for (const { at, schema: there } of places(schema)) {
        if (there.type !== 'string') continue
        for (const canary of canaries(next())) {
          const { status, error } = await post(command.name, JSON.stringify(replaced(whole, at, canary)))
          // This fleet has no modes, and says so.
          if (status >= 500 && error?.code !== 'unavailable') failed.push([command.name, at, canary, status, error])
        }
      }
    }
    expect(failed).toEqual([])
    await fleet.until('web', 'healthy')
    expect(readdirSync(folder)).toEqual([])
  }, 120_000)

  test('in every parameter of a query string, and in headers', async () => {
    const failed: unknown[] = []
    for (const command of all.filter(({ kind }) => kind !== 'mutation')) {
      for (const name of Object.keys(inputSchemaOf(command).properties ?? {})) {
        for (const canary of canaries(next())) {
          const controller = new AbortController()
          const url = `${fleet.origin}${apiPathOf(command.name)}?${name}=${encodeURIComponent(canary)}`
          const response = await fetch(url, { signal: controller.signal })
          if (response.status >= 500 || response.headers.has('x-injected')) failed.push([url, response.status])
          controller.abort()
        }
      }
    }
    const file = next()
    for (const header of ['prefer', 'idempotency-key', 'last-event-id']) {
      for (const canary of canaries(file).filter((one) => !/[\r\n\0]/.test(one))) {
        const headers = { ...json, [header]: canary }
        const { status } = await fetch(`${fleet.origin}/api/v1/service/start`, {
          method: 'POST',
          headers,
          body: '{"services":["web"]}',
        })
        if (status >= 500) failed.push([header, canary, status])
      }
    }
    expect(failed).toEqual([])
    expect(existsSync(file)).toBe(false)
    expect(readdirSync(folder)).toEqual([])
  }, 120_000)
})
