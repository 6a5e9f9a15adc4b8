// Restarts a real HTTP server under constant load, each request over a connection of its own, and counts what fails:
//   node bench/sharing.ts <plain | overlap> <restarts>
// Writes one line of JSON: { migrates, restarts, answered, refused, reset, other }.
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { request } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import process from 'node:process'
import { createOrchestrator } from '../src/orchestrator.ts'
import { freePort } from '../test/support/free-port.ts'
import { policy, specOf } from '../test/support/specs.ts'

const clients = 4
const [kind = 'overlap', restarts = '10'] = process.argv.slice(2)

const migrates = ((): boolean => {
  try {
    return readFileSync('/proc/sys/net/ipv4/tcp_migrate_req', 'utf8').trim() === '1'
  } catch {
    return false
  }
})()

const port = await freePort()
const stateDir = mkdtempSync(join(tmpdir(), 'hyphae-sharing-'))
const web = specOf({
  command: process.execPath,
  args: [join(import.meta.dirname, '../test/fixtures/sharing-server.mjs'), String(port)],
  readiness: { target: { type: 'log', pattern: '^ready$' }, interval: 100, timeout: 1_000, delay: 0, failures: 1, passes: 1 },
  restart: { ...policy, ...(kind === 'overlap' ? { overlap: true } : {}) },
})
const orchestrator = createOrchestrator({ services: [web], stateDir, listeners: [], environment: process.env })
const principal = { name: 'bench', via: 'bench', role: 'admin' } as const
await orchestrator.start()
await orchestrator.gateway.invoke(principal, 'service.start', { services: ['web'] })

const counts = { answered: 0, refused: 0, reset: 0, other: 0 }
const life = new AbortController()
const ask = (): Promise<void> =>
  new Promise((resolve) => {
    const asked = request({ host: '127.0.0.1', port, agent: false }, (response) => {
      response.resume().once('end', () => {
        counts.answered++
        resolve()
      })
    })
    asked.once('error', (error: NodeJS.ErrnoException) => {
      counts[error.code === 'ECONNREFUSED' ? 'refused' : error.code === 'ECONNRESET' ? 'reset' : 'other']++
      // Who is refused would otherwise take the processor from the server that starts.
      setTimeout(resolve, 10)
    })
    asked.end()
  })
const client = async (): Promise<void> => {
  while (!life.signal.aborted) await ask()
}
const load = Array.from({ length: clients }, client)
for (let n = 0; n < Number(restarts); n++) {
  const reply = await orchestrator.gateway.invoke(principal, 'service.restart', { services: ['web'] })
  if (!reply.ok) throw new Error(reply.error.message)
}
life.abort()
await Promise.all(load)
await orchestrator.shutdown('the bench')
await orchestrator.close()
rmSync(stateDir, { recursive: true, force: true })
process.stdout.write(`${JSON.stringify({ migrates, restarts: Number(restarts), ...counts })}\n`)
