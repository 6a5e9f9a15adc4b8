import { expect, test } from 'vitest'
import type { HealthReport } from '../../src/protocol/health.ts'
import { HyphaeError } from '../../src/protocol/errors.ts'
import { limits } from '../../src/protocol/limits.ts'
import type { ServiceStatus } from '../../src/protocol/service.ts'
import type { ListenerStatus, SupervisorStatus } from '../../src/protocol/status.ts'
import { createHealth } from '../../src/watch/health.ts'

const well = { desired: 'run', status: 'running', reason: null } as ServiceStatus

function stage() {
  const services = new Map<string, ServiceStatus>([['web', well]])
  const supervisor = { status: 'running', faults: [] } as unknown as SupervisorStatus
  const listeners: ListenerStatus[] = [{ name: 'http', scheme: 'http', address: '127.0.0.1:3001', error: null }]
  const world = { services, supervisor, listeners, now: 0, writes: 0, disk: (): Promise<void> => Promise.resolve() }
  const health = createHealth({
    view: {
      supervisor: () => world.supervisor,
      listeners: () => world.listeners,
      serviceNames: () => [...services.keys()],
      service: (name) => services.get(name),
    },
    journal: () => ({ put: () => void world.writes++, sync: () => world.disk() }),
    clock: () => world.now,
  })
  return { world, health }
}
const wrong = ({ checks }: HealthReport) => checks.filter(({ ok }) => !ok).map(({ name, because }) => `${name}: ${because}`)

test('it is live and ready when all is well', async () => {
  const { health } = stage()
  expect(await health()).toMatchObject({ live: true, ready: true, status: 'running' })
})

test.each<[Partial<ServiceStatus>, string | null]>([
  [{ status: 'failed', reason: 'gave up after 3 restarts' }, 'web: failed (gave up after 3 restarts)'],
  [{ status: 'unhealthy', reason: 'answered 500' }, 'web: unhealthy (answered 500)'],
  [{ status: 'waiting', reason: 'waits for db' }, 'web: waiting (waits for db)'],
  [{ status: 'backing_off' }, 'web: backing off'],
  [{ status: 'starting' }, 'web: starting'],
  [{ status: 'failed', desired: 'stop' }, null],
  [{ status: 'completed' }, null],
  [{ status: 'stopped' }, null],
])('a service that is %j', async (status, because) => {
  const { world, health } = stage()
  world.services.set('web', { ...well, ...status })
  const report = await health()
  expect(report.live).toBe(true)
  expect(report.ready).toBe(because === null)
  expect(wrong(report)).toEqual(because === null ? [] : [`services: ${because}`])
})

test('a listener that is not bound, a fault and an end under way are no readiness', async () => {
  const { world, health } = stage()
  world.listeners.push({ name: 'supervisor', scheme: 'tcp', address: null, error: 'port 8081 is taken' })
  world.supervisor = {
    status: 'stopping',
    faults: [{ what: 'logs', because: 'the disk is full', since: '' }],
  } as unknown as SupervisorStatus
  const report = await health()
  expect(report).toMatchObject({ live: true, ready: false, status: 'stopping' })
  expect(wrong(report)).toEqual([
    'status: the orchestrator is stopping',
    'listeners: supervisor: port 8081 is taken',
    'faults: logs: the disk is full',
  ])
})

test('only the first few reasons are told', async () => {
  const { world, health } = stage()
  for (let index = 0; index < 100; index++)
    world.services.set(`w${index}`, { ...well, status: 'failed', reason: 'x'.repeat(9_999) })
  const [because = ''] = wrong(await health())
  expect(because).toMatch(/95 more$/)
  expect(because.length).toBeLessThan((limits.healthReasons + 1) * (limits.quotedText + 10))
})

test('a journal that says that its disk is full has answered: alive, not ready; whoever asks within a second shares one write', async () => {
  const { world, health } = stage()
  world.disk = () => Promise.reject(new HyphaeError('storage', 'the disk is full'))
  expect(await health()).toMatchObject({ live: true, ready: false })
  world.disk = () => Promise.resolve()
  expect(wrong(await health())).toEqual(['journal: the disk is full'])
  expect(world.writes).toBe(1)
  world.now += limits.healthInterval
  expect(await health()).toMatchObject({ live: true, ready: true })
  expect(world.writes).toBe(2)
})

test('a disk that never answers is told in time', async () => {
  const { world, health } = stage()
  world.disk = () => new Promise<void>(() => {})
  const report = await health()
  expect(report).toMatchObject({ live: false, ready: false })
  expect(wrong(report)).toEqual(['journal: the journal has not answered for 2 s'])
})
