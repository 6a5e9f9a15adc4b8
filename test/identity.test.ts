import { spawn } from 'node:child_process'
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import process from 'node:process'
import { expect, onTestFinished, test } from 'vitest'
import { identityOf } from '../src/identity.ts'
import { eventually } from './support/eventually.ts'

const module = resolve(import.meta.dirname, '../src/identity.ts')

/** A process that asks for the identity of each of these folders once the file of that number is there. */
function asker(folder: string, rounds: number) {
  const program = `
    const { existsSync } = await import('node:fs')
    const { identityOf } = await import(${JSON.stringify(module)})
    console.log('ready')
    for (let round = 0; round < ${rounds}; round++) {
      while (!existsSync(${JSON.stringify(folder)} + '/go' + round));
      console.log(identityOf(${JSON.stringify(folder)} + '/state' + round).key)
    }`
  const child = spawn(process.execPath, ['--input-type=module', '-e', program], { stdio: ['ignore', 'pipe', 'inherit'] })
  let out = ''
  child.stdout.setEncoding('utf8').on('data', (text: string) => (out += text))
  const lines = (): string[] => out.split('\n').slice(0, -1)
  return { child, lines, ended: new Promise((resolve) => child.once('close', resolve)) }
}

test('processes that ask at the same moment get the same key, and leave nothing beside it', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'hyphae-identity-'))
  const rounds = 20
  const askers = Array.from({ length: 3 }, () => asker(folder, rounds))
  onTestFinished(async () => {
    for (const { child, ended } of askers) {
      child.kill('SIGKILL')
      await ended
    }
    rmSync(folder, { recursive: true })
  })
  for (let round = 0; round < rounds; round++) {
    await eventually(() => expect(askers.map(({ lines }) => lines().length)).toEqual(askers.map(() => round + 1)))
    writeFileSync(join(folder, `go${round}`), '')
  }
  await Promise.all(askers.map(({ ended }) => ended))
  for (let round = 0; round < rounds; round++) {
    const state = join(folder, `state${round}`)
    const { key } = identityOf(state)
    expect(askers.map(({ lines }) => lines()[round + 1])).toEqual(askers.map(() => key))
    expect(readdirSync(state)).toEqual(['identity.key'])
  }
})
