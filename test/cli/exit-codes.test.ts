import { tmpdir } from 'node:os'
import { expect, test } from 'vitest'
import { errorCodes } from '../../src/protocol/errors.ts'
import { launch } from '../support/cli.ts'
import { jsonRpcServer } from '../support/json-rpc-server.ts'

const run = (args: readonly string[], env: NodeJS.ProcessEnv = {}) => launch(args, { cwd: tmpdir(), env }).ended

test('each kind of failure has the exit code that the registry of errors gives it', async () => {
  const codes = Object.entries(errorCodes)
  let next = 0
  await using server = await jsonRpcServer((request, peer) => {
    const [code, { rpc }] = codes[next] ?? ['internal', errorCodes.internal]
    peer.refuse(request, { code: rpc, message: `it is\u001B[2J ${code}`, data: { code } })
  })
  for (const [code, { exit }] of codes) {
    const ran = await run(['actors'], { HYPHAE_STATE: server.folder })
    expect([code, ran.code]).toEqual([code, exit])
    expect(ran.err.split('\n')[0]).toBe(`hyphae: it is\\e[2J ${code}`)
    next++
  }
})

test.each([
  [['stauts'], "hyphae: unknown command 'stauts' (Did you mean status?)\n  see: hyphae --help\n"],
  [['status', '--josn'], "hyphae: unknown option '--josn' (Did you mean --json?)\n  see: hyphae status --help\n"],
  [['explain'], "hyphae: missing required argument 'service'\n  see: hyphae explain --help\n"],
  [
    ['logs', '--since', '1m', '--until', '1h'],
    "hyphae: option '--since <when>' is later than option '--until <when>': nothing lies between\n  see: hyphae logs --help\n",
  ],
  [
    ['explain', 'a', 'b'],
    "hyphae: too many arguments for 'explain'. Expected 1 argument but got 2: a, b.\n  see: hyphae explain --help\n",
  ],
])('bad usage: %j', async (args, message) => {
  expect(await run(args)).toEqual({ code: 2, out: '', err: message })
})

test('bad usage is JSON where JSON is asked for', async () => {
  const { code, err } = await run(['explain', '--json'])
  expect(code).toBe(2)
  expect(JSON.parse(err)).toMatchObject({ error: { code: 'invalid_request' } })
})

test('help tells exit codes and examples; without a verb it is an error', async () => {
  const { code, out } = await run(['--help'])
  expect(code).toBe(0)
  for (const exit of new Set(Object.values(errorCodes).map(({ exit }) => exit)))
    expect(out).toMatch(new RegExp(`^.*\\b${exit} +\\w`, 'm'))
  expect(out.split('Examples:\n')[1]?.trim().split('\n')).toHaveLength(4)
  expect(await run([])).toMatchObject({ code: 2, out: '' })
  expect(await run(['--version'])).toMatchObject({ code: 0 })
})
