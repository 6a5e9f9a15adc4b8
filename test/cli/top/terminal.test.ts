import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import process from 'node:process'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { cli, fleetFolder, type FleetFolder } from '../../support/cli.ts'
import { eventually } from '../../support/eventually.ts'
import { shownBy, type Shown } from '../../support/screen.ts'
import { inTerminal, noTerminal } from '../../support/terminal.ts'

/** `hyphae top` in a terminal, on a real fleet. */

const config = `
supervisor:
  restart: { delay: 60s, max_delay: 60s, jitter: 0 }
  services:
    db: { command: sleep, args: ['1000'] }
    web:
      command: sh
      args: [-c, 'printf "\\033[32mgreen\\033[0m\\033[2J\\033]0;title\\007\\n"; exec tail -n +1 -f lines']
      depends_on: [db]
    flaky: { command: sh, args: [-c, 'until [ -e crash ]; do sleep 0.05; done; exit 3'] }
`
const back = { alternate: false, cursor: true, wraps: true, marksPaste: false }

describe.skipIf(noTerminal || process.platform !== 'linux')('top in a terminal', () => {
  let fleet: FleetFolder
  let shells: Array<ReturnType<typeof inTerminal>> = []
  beforeEach(() => {
    fleet = fleetFolder(config)
    writeFileSync(join(fleet.cwd, 'lines'), 'first line\n')
  })
  afterEach(async () => {
    const opened = shells
    shells = []
    for (const { end } of opened) end()
    await Promise.all(opened.map(({ ended }) => ended))
    await fleet.end()
  })

  function top(args = '', place: { readonly command?: string } = {}) {
    const terminal = inTerminal(`top ${args}`, { cwd: fleet.cwd, columns: 120, env: { LC_ALL: 'C.UTF-8' }, ...place })
    shells.push(terminal)
    const now = (): Shown => shownBy(terminal.out)
    const text = (): string => now().lines.join('\n')
    const shows = (pattern: RegExp | string, patience?: number): Promise<void> =>
      eventually(() => {
        const found = typeof pattern === 'string' ? text().includes(pattern) : pattern.test(text())
        if (!found) throw new Error(`no ${String(pattern)} in\n${text()}`)
      }, patience)
    return { terminal, now, text, shows }
  }

  test('shows the fleet, a crash as it happens, and gives the terminal back', async () => {
    await fleet.up()
    const shown = top('web')
    await shown.shows(/^> web +running +healthy +\d+/m)
    expect(shown.now()).toMatchObject({ alternate: true, cursor: false, wraps: false, marksPaste: true })
    expect(shown.text()).toMatch(/hyphae +3 of 3 fine/)
    writeFileSync(join(fleet.cwd, 'crash'), '')
    await shown.shows(/flaky +backing_off .*exited with code 3/)
    await shown.shows(/flaky has crashed/)
    await fleet.run(['stop', 'db'])
    await shown.shows(/^ +db +stopped/m)
    shown.terminal.type('q')
    expect(await shown.terminal.ended).toBe(0)
    expect(shown.now()).toMatchObject(back)
  })

  test('restarts what is selected, and stops it after a question where another needs it', async () => {
    await fleet.up()
    const before = (await fleet.status('web')).pid
    const shown = top('web')
    await shown.shows(/^> web +running/m)
    shown.terminal.type('r')
    await shown.shows(/restarted web, pid \d+/)
    const after = (await fleet.status('web')).pid
    expect(after).not.toBe(before)
    await shown.shows(new RegExp(`^> web +running +healthy +${after} `, 'm'))
    shown.terminal.type('\u001B[A')
    await shown.shows(/^> db/m)
    shown.terminal.type('x')
    await shown.shows('stop db? web depends on it (y/n)')
    expect((await fleet.status('db')).status).toBe('running')
    shown.terminal.type('y')
    await shown.shows(/^> db +stopped/m)
    await shown.shows('stopped db')
    shown.terminal.type('t')
    await shown.shows(/started db, pid \d+/)
  })

  test('a refusal is told with its reason', async () => {
    await fleet.up()
    const shown = top('web')
    await shown.shows(/^> web +running/m)
    expect(await fleet.run(['lockdown', 'on', '--reason', 'a break-in'])).toMatchObject({ code: 0 })
    await shown.shows('locked down')
    shown.terminal.type('r')
    await shown.shows(/restart web: [^]*locked down[^]*hyphae lockdown off/)
  })

  test('the logs are live, and cannot drive the terminal', async () => {
    await fleet.up()
    const shown = top('web')
    await shown.shows(/^> web/m)
    shown.terminal.type('l')
    await shown.shows(/logs of web \(following\)[^]*first line/)
    writeFileSync(join(fleet.cwd, 'lines'), 'second line\n', { flag: 'a' })
    await shown.shows('second line')
    expect(shown.terminal.out).toContain('\u001B[32mgreen')
    // The screen of the test would have refused both.
    expect(shown.text()).toMatch(/^green$/m)
    shown.terminal.type('f')
    await shown.shows('paused')
    writeFileSync(join(fleet.cwd, 'lines'), 'third line\n', { flag: 'a' })
    await shown.shows('1 below')
    expect(shown.text()).not.toContain('third line')
    shown.terminal.type('\u001B')
    await shown.shows(/^> web/m)
    shown.terminal.type('e')
    await shown.shows(/explain web[^]*history/)
    shown.terminal.type('m')
    await shown.shows(/actors \(\d+\)[^]*supervisor\.root/)
  })

  test('takes another size of the window', async () => {
    await fleet.up()
    const shown = top('web')
    await shown.shows(/^> web .*started/m)
    shown.terminal.resize(9, 44)
    await eventually(() => {
      const { lines } = shown.now()
      expect(lines).toHaveLength(9)
      expect(lines.every((line) => line.length <= 44)).toBe(true)
      expect(lines.join('\n')).toMatch(/^> web +running/m)
    })
    shown.terminal.resize(5, 20)
    await shown.shows('too small')
    shown.terminal.resize(24, 120)
    await shown.shows(/^> web .*started/m)
  })

  test('the orchestrator is killed, and comes back', async () => {
    const first = await fleet.up()
    const shown = top('web')
    await shown.shows(/^> web +running/m)
    first.child.kill('SIGKILL')
    await shown.shows(/connection lost, shown as it was at \d\d:\d\d:\d\d; trying again/)
    expect(shown.text()).toMatch(/^> web +running/m)
    const second = await fleet.up()
    await shown.shows('connected again', 20_000)
    await shown.shows(`pid ${second.child.pid}`)
    await shown.shows(/^> web +running .*adopted|^> web +running .*found running/m)
    shown.terminal.type('q')
    expect(await shown.terminal.ended).toBe(0)
  })

  test.each(['SIGTERM', 'SIGHUP', 'SIGINT'] as const)('%s gives the terminal back', async (signal) => {
    await fleet.up()
    const shown = top()
    await shown.shows(/^ +web/m)
    process.kill(shown.terminal.pid(), signal)
    // `script` tells of a signal as a shell does.
    expect(await shown.terminal.ended).toBe({ SIGTERM: 143, SIGHUP: 129, SIGINT: 0 }[signal])
    expect(shown.now()).toMatchObject(back)
  })

  test('a defect of ours gives the terminal back, and is told where it can be read', async () => {
    await fleet.up()
    const defect = 'process.on("SIGUSR2",()=>{throw(new(Error)("a.defect"))})'
    const shown = top('', { command: `"${process.execPath}" --import 'data:text/javascript,${defect}' "${cli}" top` })
    await shown.shows(/^ +web/m)
    process.kill(shown.terminal.pid(), 'SIGUSR2')
    expect(await shown.terminal.ended).not.toBe(0)
    expect(shown.now()).toMatchObject(back)
    expect(shown.terminal.out.split('\u001B[?1049l')[1]).toContain('a.defect')
  })

  test('over the network, too: the connection is lost and comes back', async () => {
    await fleet.up()
    const { out } = await fleet.run(['status', '--json'])
    const address = /"address": "(127\.0\.0\.1:\d+)"[^{]*$/.exec(out)?.[1] ?? ''
    const shown = top(`web --url http://${address}`)
    await shown.shows(/^> web +running/m)
    shown.terminal.type('l')
    await shown.shows('first line')
    await fleet.run(['down'])
    await shown.shows('connection lost')
    const [, port = ''] = address.split(':')
    await fleet.up({ HYPHAE_HTTP_PORT: port })
    await shown.shows('connected again', 20_000)
    await shown.shows(/green\n[^]*first line[^]*green\n[^]*first line/)
    shown.terminal.type('q')
    expect(await shown.terminal.ended).toBe(0)
  })

  test('stopped from outside and continued, it draws everything anew', async () => {
    await fleet.up()
    const shown = top('web')
    await shown.shows(/^> web +running/m)
    process.kill(shown.terminal.pid(), 'SIGSTOP')
    await eventually(() => expect(readFileSync(`/proc/${shown.terminal.pid()}/stat`, 'latin1')).toMatch(/\) T /))
    shown.terminal.taken()
    await eventually(() => {
      shown.terminal.resume()
      expect(shown.text()).toMatch(/^> web +running/m)
    })
    expect(shown.now()).toMatchObject({ alternate: true, cursor: false })
  })

  test('Ctrl-Z gives the terminal to the shell, fg brings it back', async () => {
    await fleet.up()
    const job = `set -m; "${process.execPath}" "${cli}" top web; echo "left with $?"; read -r _; fg`
    writeFileSync(join(fleet.cwd, 'job.sh'), job)
    const shown = top('', { command: 'bash job.sh' })
    await shown.shows(/^> web +running/m)
    shown.terminal.type('\u001A')
    // 128 and SIGTSTP.
    await eventually(() => expect(shown.terminal.out).toContain('left with 148'))
    expect(shown.now()).toMatchObject(back)
    const { frames } = shown.now()
    shown.terminal.type('\n')
    await eventually(() => expect(shown.now().frames).toBeGreaterThan(frames))
    expect(shown.now()).toMatchObject({ alternate: true, cursor: false })
    shown.terminal.type('q')
    expect(await shown.terminal.ended).toBe(0)
    expect(shown.now()).toMatchObject(back)
  })

  test('an idle terminal is left alone', async () => {
    await fleet.up()
    const shown = top('web')
    await shown.shows(/^> web +running/m)
    const { frames } = shown.now()
    // The figures of a later moment.
    await eventually(() => expect(shown.now().frames).toBeGreaterThan(frames))
    shown.terminal.taken()
    await eventually(() => expect(shown.terminal.out).not.toBe(''))
    // Only what differs: no line of the header of the table, say.
    expect(shown.terminal.out).not.toContain('SERVICE')
  })
})

describe('top without a terminal', () => {
  let fleet: FleetFolder
  beforeEach(() => {
    fleet = fleetFolder(config)
    writeFileSync(join(fleet.cwd, 'lines'), '')
  })
  afterEach(() => fleet.end())

  test('names what to use instead; --once prints the table as plain text', async () => {
    await fleet.up()
    const { code, err, out } = await fleet.run(['top'])
    expect({ code, out }).toEqual({ code: 2, out: '' })
    expect(err).toContain('its output is not a terminal; use hyphae status, hyphae status --watch or hyphae top --once')
    const once = await fleet.run(['top', '--once', 'web'])
    expect(once).toMatchObject({ code: 0, err: '' })
    expect(once.out).toMatch(/^> web +running/m)
    expect(once.out).not.toContain('\u001B')
    expect(await fleet.run(['top', '--once', 'wbe'])).toMatchObject({ code: 4, err: expect.stringContaining('"web"') as string })
  })

  test.skipIf(noTerminal)('TERM=dumb is told so, before anything is drawn', async () => {
    await fleet.up()
    const dumb = inTerminal('top', { cwd: fleet.cwd, env: { TERM: 'dumb' } })
    expect(await dumb.ended).toBe(2)
    expect(dumb.out).toContain('TERM=dumb')
    expect(dumb.out).not.toContain('\u001B')
  })
})
