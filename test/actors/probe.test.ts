import { appendFileSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { createServer, type RequestListener, type Server } from 'node:http'
import { type AddressInfo, createServer as createTcpServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import process from 'node:process'
import { once } from 'node:events'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { monotonic } from '../../src/actors/proc.ts'
import { createProbe } from '../../src/actors/probe.ts'
import type { ProbeCommand, ProbeFact, ProbeInput } from '../../src/protocol/process.ts'
import type { ProbeSpec, ProbeTarget, ServiceSpec } from '../../src/protocol/service.ts'
import { eventually } from '../support/eventually.ts'
import { invoke, type Invoked } from '../support/invoked.ts'
import { fixture, isLivingPid, specOf } from '../support/programs.ts'

type Probe = Invoked<ProbeCommand, ProbeFact>

let dir: string
let logged: unknown[][]
const probes: Probe[] = []
const servers: Server[] = []
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'hyphae-probe-'))
  logged = []
})
afterEach(() => {
  for (const probe of probes.splice(0)) probe.stop()
  for (const server of servers.splice(0)) {
    server.close()
    server.closeAllConnections()
  }
  rmSync(dir, { recursive: true, force: true })
})

interface Changes {
  readonly probe?: Partial<ProbeSpec>
  readonly spec?: Partial<ServiceSpec>
  readonly input?: Partial<ProbeInput>
}

function look(target: ProbeTarget, { probe, spec, input }: Changes = {}): Probe {
  const logic = createProbe({
    logPath: (service) => join(dir, `${service}.log`),
    environment: { PATH: process.env['PATH'] },
    log: (...line) => logged.push(line),
  })
  const probed: Probe = invoke<ProbeCommand, ProbeFact, ProbeInput>(logic, {
    service: 'web',
    purpose: 'readiness',
    probe: { target, interval: 20, timeout: 5000, delay: 0, failures: 3, passes: 1, ...probe },
    spec: specOf({ workingDir: dir, ...spec }),
    pid: 42,
    logOffset: 0,
    spawnedAt: monotonic() - 7500,
    ...input,
  })
  probes.push(probed)
  return probed
}

async function serve(listener: RequestListener): Promise<string> {
  const server = createServer(listener)
  servers.push(server)
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`
}
const http = (url: string, status: number[] = []): ProbeTarget => ({ type: 'http', url, headers: { 'X-Probe': 'yes' }, status })

test('http: any 2xx passes, and the request is what was asked for', async () => {
  const seen: unknown[] = []
  const url = await serve((request, response) => {
    seen.push([request.method, request.url, request.headers['x-probe'], request.headers.connection])
    response.writeHead(204).end()
  })
  await look(http(`${url}/health?deep=1`)).fact('probe.passed')
  expect(seen[0]).toEqual(['GET', '/health?deep=1', 'yes', 'close'])
})

test('http: another status fails with its number, a listed one passes, a redirect is not followed', async () => {
  const url = await serve((request, response) => {
    response.writeHead(Number(request.url?.slice(1, 4)), { Location: '/200' }).end()
  })
  expect((await look(http(`${url}/503`)).fact('probe.failed')).because).toBe(`GET ${url}/503 answered 503`)
  expect((await look(http(`${url}/302`)).fact('probe.failed')).because).toBe(`GET ${url}/302 answered 302`)
  expect((await look(http(`${url}/200`, [418])).fact('probe.failed')).because).toBe(`GET ${url}/200 answered 200`)
  expect((await look(http(`${url}/418`, [418])).fact('probe.passed')).at).toBeGreaterThan(0)
  const secret = `${url.replace('//', '//user:secret@')}/500?token=secret`
  expect((await look(http(secret)).fact('probe.failed')).because).toBe(`GET ${url}/500?… answered 500`)
})

test('http: an endless body is cut off, and its status counts', async () => {
  let sent = 0
  const url = await serve((_, response) => {
    const more = (): void => {
      sent += 16_384
      if (!response.destroyed) response.write(Buffer.alloc(16_384), more)
    }
    more()
  })
  await look(http(url), { probe: { interval: 60_000 } }).fact('probe.passed')
  expect(sent).toBeLessThan(64 * 2 ** 20)
})

test('http: who does not answer in time fails, and nobody there fails with the reason', async () => {
  const url = await serve(() => undefined)
  expect((await look(http(url), { probe: { timeout: 50 } }).fact('probe.failed')).because).toBe('no answer within 50 ms')
  expect((await look(http('http://127.0.0.1:1/')).fact('probe.failed')).because).toBe('connect ECONNREFUSED 127.0.0.1:1')
  expect((await look(http('http://localhost:1/')).fact('probe.failed')).because).toMatch(/^connect ECONNREFUSED .+:1$/)
  expect((await look(http('not a url')).fact('probe.failed')).because).toBe('Invalid URL')
})

test('tcp: passes where somebody listens, and says why where nobody does', async () => {
  const server = createTcpServer((socket) => {
    socket.on('error', () => undefined).end()
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  const probe = look({ type: 'tcp', host: '127.0.0.1', port })
  await probe.fact('probe.passed')
  probe.stop()
  server.close()
  await once(server, 'close')
  expect((await look({ type: 'tcp', host: '127.0.0.1', port }).fact('probe.failed')).because).toBe(
    `connect ECONNREFUSED 127.0.0.1:${port}`,
  )
})

test('exec: runs in the place and environment of the service, without a shell', async () => {
  const script = 'test "$PWD" = "$WHERE" && test "$1" = "\\$HOME; exit 1"'
  const probe = look(
    { type: 'exec', command: 'sh', args: ['-c', script, 'sh', '$HOME; exit 1'] },
    { spec: { env: { WHERE: dir } } },
  )
  expect(await probe.fact('probe.passed')).toMatchObject({ type: 'probe.passed' })
})

test('exec: quotes the exit code and the last that was said', async () => {
  const because = async (script: string): Promise<string> =>
    (await look({ type: 'exec', command: '/bin/sh', args: ['-c', script] }).fact('probe.failed')).because
  expect(await because('echo first; echo "no  connection" >&2; exit 3')).toBe('/bin/sh exited with code 3: first no connection')
  expect(await because('exit 4')).toBe('/bin/sh exited with code 4')
  expect(await because('kill -9 $$')).toBe('/bin/sh was ended by SIGKILL')
  const long = await because('head -c 1000000 /dev/zero | tr "\\\\0" x; echo end; exit 1')
  expect(long.endsWith('xxxend')).toBe(true)
  expect(long.length).toBeLessThan(500)
  expect((await look({ type: 'exec', command: 'no-such', args: [] }).fact('probe.failed')).because).toContain(
    'no-such could not be run: the command "no-such" was not found in PATH',
  )
})

test('exec: what takes too long is ended with its group', async () => {
  const pidFile = join(dir, 'pid')
  const target: ProbeTarget = { type: 'exec', command: fixture('forks.sh'), args: [pidFile] }
  const probe = look(target, { probe: { timeout: 300, interval: 60_000 } })
  expect((await probe.fact('probe.failed')).because).toBe('no answer within 300 ms')
  const pid = Number(await readFile(pidFile, 'utf8'))
  await eventually(() => expect(isLivingPid(pid)).toBe(false))
})

test('exec: what it leaves behind is ended, and not waited for', async () => {
  const target: ProbeTarget = { type: 'exec', command: '/bin/sh', args: ['-c', 'sleep 1000 & echo $! >pid; exit 0'] }
  const probe = look(target, { probe: { interval: 60_000 } })
  await probe.fact('probe.passed')
  const pid = Number(await readFile(join(dir, 'pid'), 'utf8'))
  await eventually(() => expect(isLivingPid(pid)).toBe(false))
})

test('log: passes once, with a line that was there before or comes later, after the offset', async () => {
  const log = join(dir, 'web.log')
  writeFileSync(log, 'ready in 1 s\n')
  await look({ type: 'log', pattern: '^ready in \\d+ s$' }).fact('probe.passed')
  const late = look({ type: 'log', pattern: '^ready' }, { input: { logOffset: 13 } })
  appendFileSync(log, 'not ready\n')
  expect(late.facts).toEqual([])
  appendFileSync(log, 'ready\nready\n')
  await late.fact('probe.passed')
  appendFileSync(log, 'ready\n')
  const last = look({ type: 'log', pattern: 'ready' })
  await last.fact('probe.passed')
  expect(late.facts).toHaveLength(1)
})

test('looks follow one another from start to start, and never overlap', async () => {
  let under = 0
  let most = 0
  const url = await serve((_, response) => {
    most = Math.max(most, ++under)
    setTimeout(() => {
      under--
      response.end()
    }, 30)
  })
  const probe = look(http(url), { probe: { interval: 10 } })
  await eventually(() => expect(probe.facts.length).toBeGreaterThan(4))
  expect(most).toBe(1)

  const steady = look(http(url), { input: { purpose: 'liveness' }, probe: { interval: 100 } })
  await eventually(() => expect(steady.facts.length).toBeGreaterThan(4))
  const [first, fifth] = [steady.facts[0]?.at ?? 0, steady.facts[4]?.at ?? 0]
  // Four intervals, less what a timer may be early.
  expect(fifth - first).toBeGreaterThan(360)
})

test('a readiness probe looks often at first, and less and less until its interval', async () => {
  const closed = look({ type: 'tcp', host: '127.0.0.1', port: 1 }, { probe: { interval: 200 } })
  await eventually(() => expect(closed.facts.length).toBeGreaterThan(4))
  const gaps = closed.facts.slice(1, 5).map(({ at }, index) => at - (closed.facts[index]?.at ?? 0))
  // 50, 100, 200, 200 ms, each at the earliest.
  for (const [index, least] of [45, 90, 180, 180].entries()) expect(gaps[index]).toBeGreaterThan(least)
})

test('the first look waits for the delay, and a stopped probe looks no more', async () => {
  let looks = 0
  const url = await serve((_, response) => {
    looks++
    response.end()
  })
  const since = performance.now()
  const probe = look(http(url), { probe: { delay: 150 } })
  await probe.fact('probe.passed')
  expect(performance.now() - since).toBeGreaterThan(140)
  probe.stop()
  const after = looks
  const other = look(http(url), { probe: { interval: 10 } })
  await eventually(() => expect(other.facts.length).toBeGreaterThan(5))
  expect(looks - after - other.facts.length).toBeLessThanOrEqual(1)
})

test('a stopped probe ends what is under way', async () => {
  let closed = false
  const url = await serve((_, response) => {
    response.once('close', () => {
      closed = true
    })
  })
  const pidFile = join(dir, 'pid')
  const web = look(http(url))
  const exec = look({ type: 'exec', command: fixture('forks.sh'), args: [pidFile] })
  const pid = Number(await eventually(() => readFile(pidFile, 'utf8')))
  await eventually(() => expect(servers[0]?.listening).toBe(true))
  await new Promise((resolve) => servers[0]?.getConnections(resolve))
  web.stop()
  exec.stop()
  await eventually(() => expect(isLivingPid(pid)).toBe(false))
  await eventually(() => expect(closed).toBe(true))
  expect([...web.facts, ...exec.facts]).toEqual([])
})

test('looks for liveness are logged, with what the guide says', async () => {
  const url = await serve((request, response) => {
    response.writeHead(request.url === '/bad' ? 500 : 200).end()
  })
  await look(http(url), { input: { purpose: 'liveness' } }).fact('probe.passed')
  expect(logged[0]).toEqual(['web', true, { pid: 42, uptime: 7 }])
  logged = []
  await look(http(`${url}/bad`), { input: { purpose: 'liveness' } }).fact('probe.failed')
  await eventually(() => expect(logged).toContainEqual(['web', false, { error: `GET ${url}/bad answered 500` }]))
})
