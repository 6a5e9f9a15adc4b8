import { rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, describe, expect, test } from 'vitest'
import { isAlive } from '../support/cli.ts'
import { eventually } from '../support/eventually.ts'
import { startModes, type ModeFleet, type ModeFleetOptions } from '../support/mode-fleet.ts'
import { siege, type Up } from '../support/up.ts'

/** What becomes of the mode when the orchestrator ends, in whatever way. */

const program = "args: ['-c', 'echo ready; exec sleep 1000'], command: /bin/sh, readiness: { log: ready }"
const text = `
supervisor:
  mode: proxy
  services:
    same: { ${program} }
    old: { ${program}, modes: [proxy] }
    new: { ${program}, modes: [advanced] }
  modes: { proxy: , advanced: , third: }
`

describe('the mode that was switched to', () => {
  let fleet: ModeFleet
  afterEach(() => fleet.end())

  /** Ends the orchestrator, not its services, and starts another one in its place. */
  async function again(options: ModeFleetOptions = {}, config = text): Promise<void> {
    const { stateDir } = fleet
    await fleet.leave()
    fleet = await startModes(config, { ...options, stateDir })
  }
  const mode = async (): Promise<readonly [string | null, string]> => {
    const { mode: inForce, source } = await fleet.call('system.mode', {})
    return [inForce, source]
  }
  async function switched(options: ModeFleetOptions = {}): Promise<void> {
    fleet = await startModes(text, options)
    await fleet.until('old', 'healthy')
    await fleet.switchTo('advanced')
  }

  test('holds over the end of the orchestrator, and what runs is adopted', async () => {
    await switched()
    const pids = [fleet.status('same').pid, fleet.status('new').pid]
    await again()
    await fleet.until('new', 'healthy')
    expect(fleet.names()).toEqual(['same', 'new'])
    expect([fleet.status('same').pid, fleet.status('new').pid]).toEqual(pids)
    expect(await mode()).toEqual(['advanced', 'switched'])
    expect(fleet.variable('new', 'MAGICTUNNEL_RUNTIME_MODE')).toBe('advanced')
    expect(await fleet.switchTo('proxy')).toMatchObject({ outcome: 'done', from: 'advanced', stopped: ['new'], started: ['old'] })
    await again()
    expect(await mode()).toEqual(['proxy', 'switched'])
  })

  test('comes before the variable and the file, and after the flag, which ends it', async () => {
    await switched()
    await again({ env: { MAGICTUNNEL_RUNTIME_MODE: 'third' } })
    expect(await mode()).toEqual(['advanced', 'switched'])
    await again({ flags: { mode: 'third' } })
    expect(await mode()).toEqual(['third', 'flag'])
    await again()
    expect(await mode()).toEqual(['proxy', 'file'])
  })

  test('can be chosen where a flag was given, and holds until the next start with one', async () => {
    await switched({ flags: { mode: 'proxy' } })
    expect(await mode()).toEqual(['advanced', 'switched'])
    await again()
    expect(await mode()).toEqual(['advanced', 'switched'])
  })

  test('is over with a shutdown', async () => {
    await switched()
    await fleet.orchestrator.shutdown('the test')
    await again()
    expect(await mode()).toEqual(['proxy', 'file'])
    expect(fleet.names()).toEqual(['same', 'old'])
    await again()
    expect(await mode()).toEqual(['proxy', 'file'])
  })

  test('that is not in the config any more is told, and the config counts', async () => {
    await switched()
    await again({}, text.replace('advanced: , third:', 'third:').replace('[advanced]', '[third]'))
    expect(await mode()).toEqual(['proxy', 'file'])
    const { warnings } = (await fleet.call('system.status', {})).supervisor
    expect(warnings.at(-1)).toMatch(/^the mode advanced, which was switched to, can't be gone on with: .*known are proxy, third/)
  })

  test('is not one that failed', async () => {
    fleet = await startModes(text.replace(`new: { ${program}`, "new: { command: 'false', restart_policy: never"))
    await fleet.until('old', 'healthy')
    await expect(fleet.switchTo('advanced')).rejects.toThrow(/in the mode proxy again$/)
    await again()
    expect(await mode()).toEqual(['proxy', 'file'])
  })
})

/** Ready once a file exists; ends at once, or once a file exists. */
const script = (ready: string | null, gone: string | null): object => ({
  command: '/bin/sh',
  args: [
    '-c',
    [
      gone === null ? ':' : `trap 'until [ -e ${gone} ]; do sleep 0.02; done; exit' TERM`,
      ready === null ? ':' : `until [ -e ${ready} ]; do sleep 0.02; done`,
      'echo ready',
      'while :; do sleep 0.02; done',
    ].join('; '),
  ],
  stop_grace: 60,
  readiness: { log: 'ready' },
})

describe('a kill -9 of the orchestrator', () => {
  let place: ReturnType<typeof siege>
  afterEach(() => place.end())

  const write = (file: string): void => writeFileSync(join(place.cwd, file), '')
  const state = async (): Promise<string | undefined> => {
    const { actors } = await place.ask((client) => client.call('actor.list', { kind: 'switch' }))
    return actors.find(({ live }) => live)?.state
  }
  const switchTo = (mode: string) => place.ask((client) => client.call('system.switch_mode', { mode, wait: false }))
  /** Kills it in this step of a switch; whoever did not wait for that was told that it is accepted. */
  async function killedIn(step: string, up: Up): Promise<void> {
    expect((await switchTo('advanced')).outcome).toBe('accepted')
    await eventually(async () => expect(await state()).toBe(step))
    await place.kill(up)
  }
  const until = (mode: string): Promise<void> => eventually(async () => expect((await standing()).mode).toBe(mode))
  const standing = async () => {
    const { supervisor, services } = await place.status()
    return { mode: supervisor.mode, source: supervisor.mode_source, services: Object.keys(services) }
  }

  test('while the old is stopped: the next start is in the new mode', async () => {
    const services = {
      same: script(null, null),
      old: { ...script(null, 'gone'), modes: ['proxy'] },
      new: { ...script(null, null), modes: ['advanced'] },
    }
    place = siege({ services, more: { mode: 'proxy' } })
    const up = await place.up()
    const [same, old] = [await place.service('same'), await place.service('old')]
    await killedIn('stopping', up)
    write('gone')
    await place.up()
    expect(await standing()).toEqual({ mode: 'advanced', source: 'switched', services: ['same', 'new'] })
    expect((await place.service('same')).pid).toBe(same.pid)
    await eventually(() => expect(isAlive(old.pid ?? 0)).toBe(false))
  })

  test('while the new is waited for: the next start is in the new mode, and adopts it', async () => {
    const services = { old: { ...script(null, null), modes: ['proxy'] }, new: { ...script('go', null), modes: ['advanced'] } }
    place = siege({ services, more: { mode: 'proxy' } })
    const up = await place.up()
    await killedIn('verifying', up)
    write('go')
    await place.up()
    expect(await standing()).toEqual({ mode: 'advanced', source: 'switched', services: ['new'] })
    expect(await place.facts('service.adopted', 'new')).toHaveLength(1)
  })

  test.each(['rollingBack.stopping', 'rollingBack.verifying'])(
    'on the way back (%s): the next start is in the mode before',
    async (step) => {
      const services = {
        old: { ...script('go', null), modes: ['proxy'] },
        slow: { ...script(null, 'gone'), modes: ['advanced'] },
        broken: { command: 'false', restart_policy: 'never', modes: ['advanced'] },
      }
      place = siege({ services, more: { mode: 'proxy' } })
      const up = place.launch()
      write('go')
      await eventually(async () => expect((await place.service('old')).state).toBe('healthy'), 30_000)
      // From here on it has to wait before it is ready again.
      rmSync(join(place.cwd, 'go'))
      if (step === 'rollingBack.verifying') write('gone')
      await killedIn(step, up)
      write('gone')
      write('go')
      await place.up()
      expect(await standing()).toEqual({ mode: 'proxy', source: 'file', services: ['old'] })
    },
  )

  test(
    'at any moment leaves one mode or the other, whole: the new one if the switch was acknowledged',
    { timeout: 120_000 },
    async () => {
      const services = {
        same: script(null, null),
        old: { ...script(null, null), modes: ['proxy'] },
        new: { ...script(null, null), modes: ['advanced'] },
      }
      place = siege({ services, more: { mode: 'proxy' } })
      let up = await place.up()
      for (let round = 0; round < 3; round++) {
        const { mode: before } = await standing()
        const wanted = before === 'proxy' ? 'advanced' : 'proxy'
        let acknowledged = false
        const asked = switchTo(wanted).then(
          () => (acknowledged = true),
          () => {},
        )
        // At once, before the first byte is on the disk, or anywhere later.
        if (round === 1) await asked
        if (round === 2) await until(wanted)
        await place.kill(up)
        await asked
        up = await place.up()
        const { mode, services: names } = await standing()
        expect(acknowledged ? mode : wanted).toBe(wanted)
        expect(names).toEqual(mode === 'advanced' ? ['same', 'new'] : ['same', 'old'])
      }
    },
  )
})
