import { afterEach, expect, test } from 'vitest'
import { startFleet, type Fleet } from '../support/fleet.ts'
import { specOf } from '../support/specs.ts'

let fleet: Fleet
afterEach(() => fleet.end())

const sleeper = (name: string, seconds = '1000') => specOf({ name, command: '/bin/sleep', args: [seconds] })

test('what is new starts, what changed restarts, what is gone stops, and the rest is not touched', async () => {
  fleet = await startFleet([sleeper('same'), sleeper('changed'), sleeper('gone')])
  for (const name of ['same', 'changed', 'gone']) await fleet.until(name, 'healthy')
  const [same, changed] = [fleet.status('same'), fleet.status('changed')]
  await fleet.orchestrator.reload([sleeper('new'), sleeper('same'), sleeper('changed', '1001')])
  await fleet.until('new', 'healthy')
  await fleet.fact('gone', 'service.removed')
  await fleet.fact('changed', 'service.ready', 2)
  expect(fleet.status('same')).toMatchObject({ pid: same.pid, generation: same.generation })
  expect(fleet.status('changed')).toMatchObject({
    generation: changed.generation + 1,
    restart_count: 1,
    reason: 'restarted because its config changed',
  })
  expect(Object.keys((await fleet.call('system.status', {})).services)).toEqual(['new', 'same', 'changed'])
  expect(fleet.facts.find(({ type }) => type === 'system.reloaded')?.because).toBe('1 new, 1 changed, 1 gone')
})

test('what was stopped stays so, with its new config for the next start', async () => {
  fleet = await startFleet([sleeper('web')])
  await fleet.until('web', 'healthy')
  await fleet.call('service.stop', { services: ['web'] })
  await fleet.orchestrator.reload([sleeper('web', '1001')])
  expect(fleet.status('web')).toMatchObject({ state: 'stopped', desired: 'stop' })
  await fleet.call('service.start', { services: ['web'] })
  expect((await fleet.call('service.explain', { service: 'web' })).spec).toMatchObject({ args: ['1001'] })
})

test('a new service waits for what it needs, in the config as it is now', async () => {
  fleet = await startFleet([sleeper('db')])
  await fleet.until('db', 'healthy')
  await fleet.call('service.stop', { services: ['db'] })
  const web = specOf({ ...sleeper('web'), dependsOn: [{ service: 'db', condition: 'started' }] })
  await fleet.orchestrator.reload([sleeper('db'), web])
  await fleet.until('web', 'gate')
  expect(fleet.status('web').reason).toBe('waits for db to be started (it is stopped)')
  await fleet.call('service.start', { services: ['db'] })
  await fleet.until('web', 'healthy')
})

test('the same again changes nothing', async () => {
  fleet = await startFleet([sleeper('web')])
  await fleet.until('web', 'healthy')
  const { pid } = fleet.status('web')
  await fleet.orchestrator.reload([sleeper('web')])
  expect(fleet.status('web')).toMatchObject({ pid, state: 'healthy' })
  expect(fleet.facts.at(-1)).toMatchObject({ type: 'system.reloaded', because: 'nothing has changed' })
})

test('what is gone and at once back is there in the end', async () => {
  fleet = await startFleet([sleeper('web'), sleeper('back')])
  await fleet.until('back', 'healthy')
  await fleet.orchestrator.reload([sleeper('web')])
  await fleet.orchestrator.reload([sleeper('web'), sleeper('back')])
  await fleet.fact('back', 'service.ready', 2)
  expect(fleet.status('back').desired).toBe('run')
})

test('after a reload a new orchestrator knows the services of then', async () => {
  fleet = await startFleet([sleeper('web')])
  await fleet.orchestrator.reload([sleeper('new')])
  await fleet.until('new', 'healthy')
  await fleet.fact('web', 'service.removed')
  const { pid } = fleet.status('new')
  const { stateDir } = fleet
  await fleet.leave()
  fleet = await startFleet([sleeper('new')], { stateDir })
  await fleet.until('new', 'healthy')
  expect(fleet.status('new').pid).toBe(pid)
  expect(fleet.facts.some(({ about }) => about === 'service.web')).toBe(false)
})
