import { spawn, type ChildProcess } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { connect, type Client } from '../src/client/index.ts'
import { findControlSocket } from '../src/control-socket.ts'
import { eventually } from '../test/support/eventually.ts'

/** The real thing in a process of its own, as `up` runs it. */

export interface Running {
  readonly child: ChildProcess
  readonly client: Client
  readonly stateDir: string
  end(): Promise<void>
}

export type Written = Readonly<Record<string, unknown>>

export async function start(services: Readonly<Record<string, Written>>, supervisor: Written = {}): Promise<Running> {
  const folder = mkdtempSync(join(tmpdir(), 'hyphae-bench-'))
  const config = { supervisor: { port: 0, ...supervisor, services }, http: { port: 0 } }
  writeFileSync(join(folder, 'hyphae.yaml'), JSON.stringify(config))
  const child = spawn(join(import.meta.dirname, '../bin/hyphae.js'), ['up'], { cwd: folder, stdio: 'ignore' })
  const ended = new Promise((resolve) => child.once('exit', resolve))
  const stateDir = join(folder, '.hyphae')
  const client = await eventually(async () => {
    const one = await connect({ socket: findControlSocket(stateDir), timeout: 1_000 })
    if ((await one.call('system.status', { services: [] })).supervisor.status === 'running') return one
    one.close()
    throw new Error('not running yet')
  }, 30_000)
  return {
    child,
    client,
    stateDir,
    async end() {
      client.close()
      child.kill('SIGTERM')
      await ended
      rmSync(folder, { recursive: true, force: true })
    },
  }
}
