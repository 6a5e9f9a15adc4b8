import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { tmpdir } from 'node:os'
import { expect, test } from 'vitest'
import { errorCodes } from '../../src/protocol/errors.ts'
import { launch } from '../support/cli.ts'
import { jsonRpcServer } from '../support/json-rpc-server.ts'

const full = { code: errorCodes.storage.rpc, message: 'the disk is full', data: { code: 'storage' } }

/** An orchestrator, as far as `down` and `leave` can tell, whose disk is full. */
async function ask(verb: string, after: 'stopping' | 'running') {
  const child = spawn('sleep', ['1000'])
  const gone = once(child, 'exit')
  let status = 'running'
  await using server = await jsonRpcServer((request, peer) => {
    if (request.method !== 'system.status') {
      status = after
      return peer.refuse(request, full)
    }
    const pid = child.exitCode === null && child.signalCode === null ? child.pid : 0
    peer.answer(request, { supervisor: { pid, status, config: null }, services: {}, listeners: [] })
    // It goes on for a moment after it was looked at.
    if (status === 'stopping') child.kill('SIGKILL')
  })
  const { code, err } = await launch([verb], { cwd: tmpdir(), env: { HYPHAE_STATE: server.folder } }).ended
  const ended = child.signalCode !== null
  child.kill('SIGKILL')
  await gone
  return { code, err: err.split('\n')[0], ended, pid: child.pid }
}

test('an end that cannot be written down is waited for, and said to be so', async () => {
  const { pid, ...ran } = await ask('down', 'stopping')
  const err = `hyphae: the orchestrator (pid ${pid}) has ended, but that could not be written down: the disk is full`
  expect(ran).toEqual({ code: 8, err, ended: true })
})

test('one that is refused is not waited for', async () => {
  const { pid: _, ...ran } = await ask('leave', 'running')
  expect(ran).toEqual({ code: 8, err: 'hyphae: the disk is full', ended: false })
})
