import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import process from 'node:process'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { createActor } from 'xstate'
import { createLogKeeper, type LogKeeper, type LogKeeperParts } from '../../src/actors/log-keeper.ts'
import { rotationMachine } from '../../src/machines/rotation.ts'
import type { LogRules } from '../../src/protocol/log-rules.ts'
import { eventually } from '../support/eventually.ts'

const rules: LogRules = { maxSize: 64 * 1024, keep: 3, maxAge: null, compress: false }

let folder: string
let services: string[]
let told: Array<string | null>
const endings: Array<() => void> = []
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'hyphae-keeper-'))
  services = []
  told = []
})
afterEach(() => {
  for (const end of endings.splice(0)) end()
  rmSync(folder, { recursive: true, force: true })
})

const logPath = (service: string): string => join(folder, `${service}.log`)

function keep(more: Partial<LogKeeperParts> = {}) {
  const keeper: LogKeeper = createLogKeeper({
    folder,
    logPath,
    logs: () => services.map((service) => ({ service, rules })),
    maxAge: null,
    environment: process.env,
    tell: (because) => told.push(because),
    ...more,
  })
  const actor = createActor(rotationMachine.provide({ actors: { keeper: keeper.logic } })).start()
  endings.push(() => actor.stop())
  const seen = () => {
    const { value, context } = actor.getSnapshot()
    return { value, because: context.because }
  }
  return { keeper, seen }
}

test('where holes cannot be punched it says so until the log was set aside, or its service has gone', async () => {
  services = ['a', 'b', 'c']
  for (const service of services) writeFileSync(logPath(service), 'x'.repeat(rules.maxSize))
  const holes = { unable: async () => 'no holes here', punch: async () => {} }
  const { keeper, seen } = keep({ holes })
  // Which of them is the first is a matter of chance.
  const blocked = (names: readonly string[]) => {
    const more = names.length > 1 ? ` (and ${names.length - 1} more)` : ''
    const because = `the log of [${names.join('')}] is not rotated: no holes here; it is rotated when the service is started again${more}`
    const words = expect.stringMatching(new RegExp(`^${because.replaceAll(/[()]/g, String.raw`\$&`)}$`)) as string
    return { value: { open: 'blocked' }, because: words }
  }
  await eventually(() => expect(seen()).toEqual(blocked(['a', 'b', 'c'])))

  keeper.renew('a')
  expect(readdirSync(join(folder, 'archive', 'a')).filter((name) => name.endsWith('.log'))).toHaveLength(1)
  expect(seen()).toEqual(blocked(['b', 'c']))
  expect(told.at(-1)).toBe(seen().because)

  services = ['a', 'c']
  await eventually(() => expect(seen()).toEqual(blocked(['c'])))
  keeper.renew('c')
  expect(seen()).toEqual({ value: { open: 'watching' }, because: '0 archives made so far' })
  expect(told.at(-1)).toBeNull()
})

test('what is left of services that are gone is deleted for its age, whatever else stands there', async () => {
  services = ['kept']
  symlinkSync(join(folder, 'nowhere'), logPath('dangling'))
  for (const service of ['kept', 'old']) writeFileSync(logPath(service), 'x\n')
  for (const service of ['kept', 'old', 'without']) mkdirSync(join(folder, 'archive', service), { recursive: true })
  keep({ maxAge: 60_000, clock: () => Date.now() + 3_600_000 })
  await eventually(() => expect(readdirSync(join(folder, 'archive'))).toEqual(['kept']))
  expect(existsSync(logPath('kept'))).toBe(true)
  await eventually(() => expect(existsSync(logPath('old'))).toBe(false))
})
