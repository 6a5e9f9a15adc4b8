import { afterEach, describe, expect, test } from 'vitest'
import { commands } from '../../src/commands/registry.ts'
import { fleetFolder, type FleetFolder } from '../support/cli.ts'

let folder: FleetFolder
afterEach(() => folder.end())

const ready = "command: /bin/sh, args: ['-c', 'echo ready; exec sleep 1000'], readiness: { log: ready }"
const config = `
supervisor:
  mode: proxy
  services:
    web: { ${ready} }
    old: { ${ready}, modes: [proxy] }
    new: { ${ready}, modes: [advanced] }
    broken: { command: 'false', restart_policy: never, modes: [bad] }
  modes:
    proxy: { description: what everybody needs, features: [tools] }
    advanced: { description: everything, features: [tools, charts] }
    bad:
`

describe('hyphae mode', () => {
  test('shows the mode in force, and each with its services', async () => {
    folder = fleetFolder(config)
    await folder.up()
    expect(await folder.run(['mode'])).toEqual({
      code: 0,
      err: '',
      out: [
        'mode: proxy (chosen by the config)',
        'shows: tools',
        'hides: charts',
        '',
        '   MODE      SERVICES     WHAT',
        '*  proxy     web, old     what everybody needs',
        '   advanced  web, new     everything',
        '   bad       web, broken',
        '',
      ].join('\n'),
    })
    const { out } = await folder.run(['mode', '--json'])
    expect(commands['system.mode'].output.parse(JSON.parse(out))).toMatchObject({ mode: 'proxy', source: 'file' })
  })

  test('switches, says what that did, and status shows it', async () => {
    folder = fleetFolder(config)
    await folder.up()
    const { code, out, err } = await folder.run(['mode', 'advanced'])
    expect({ code, err }).toEqual({ code: 0, err: '' })
    expect(out).toMatch(/^the mode is advanced, from proxy, after \d.*\nstopped: old\nstarted: new\n$/)
    expect(await folder.run(['mode', 'advanced'])).toEqual({ code: 0, err: '', out: 'the mode is advanced already\n' })
    expect((await folder.run(['status'])).out).toMatch(/\nmode: advanced \(switched to\)\n$/)
    const first = await folder.run(['mode', 'proxy', '--json', '--request-id', 'm-1'])
    expect(commands['system.switch_mode'].output.parse(JSON.parse(first.out))).toMatchObject({
      outcome: 'done',
      mode: 'proxy',
      from: 'advanced',
      stopped: ['new'],
      restarted: [],
      started: ['old'],
      rolled_back: false,
    })
    expect((await folder.run(['mode', 'proxy', '--json', '--request-id', 'm-1'])).out).toBe(first.out)
  })

  test('--no-wait returns at once, with what it is at', async () => {
    folder = fleetFolder(config)
    await folder.up()
    const { code, out } = await folder.run(['mode', 'advanced', '--no-wait'])
    expect(code).toBe(0)
    expect(out).toMatch(/^accepted {2}switch\.\S+ {2}(stopping|changing|verifying)\n$|^the mode is advanced/)
  })

  test('a failure is told with what is in force again, and has its exit code', async () => {
    folder = fleetFolder(config)
    await folder.up()
    const { code, out, err } = await folder.run(['mode', 'bad'])
    expect(code).toBe(1)
    expect(out).toMatch(/^failed after .*; the mode is proxy\n$/)
    expect(err).toMatch(/the mode was not switched to bad: broken failed: .*; in the mode proxy again/)
  })

  test('another one meanwhile is busy, and nothing else is told', async () => {
    folder = fleetFolder(config.replace(`new: { ${ready},`, `new: { ${ready.replace('echo ready', 'true')},`))
    await folder.up()
    await folder.run(['mode', 'advanced', '--no-wait'])
    const { code, out, err } = await folder.run(['mode', 'proxy'])
    expect([code, out]).toEqual([5, ''])
    expect(err).toMatch(/switch\.\S+ is switching the mode/)
  })

  test.each([
    [['mode', 'advnaced'], 2, 'there is no mode "advnaced"; known are proxy, advanced, bad; did you mean "advanced"?'],
    [['mode', '--no-wait'], 2, '--no-wait and --request-id are for a switch'],
    [['mode', 'a', 'b'], 2, 'too many arguments'],
  ])('%j is refused', async (args, code, message) => {
    folder = fleetFolder(config)
    await folder.up()
    const ran = await folder.run(args)
    expect(ran.code).toBe(code)
    expect(ran.err).toContain(message)
  })

  test('its names are completed, also where nothing runs', async () => {
    folder = fleetFolder(config)
    const offered = async (...words: string[]): Promise<string> => (await folder.run(['__complete', '--', ...words])).out
    expect(await offered('up', '--mode', 'a')).toBe('advanced\teverything\n')
    expect(await offered('mode', '')).toBe('proxy\twhat everybody needs\nadvanced\teverything\nbad\n')
    await folder.up()
    expect(await offered('mode', 'b')).toBe('bad\n')
  })

  test('a start that goes on in it says so', async () => {
    folder = fleetFolder(config)
    await folder.run(['up', '-d'])
    await folder.run(['mode', 'advanced'])
    await folder.run(['leave'])
    const { out } = await folder.run(['up', '-d'])
    expect(out).toContain('the mode is advanced, as it was switched to; another one: hyphae mode <name>')
  })
})
