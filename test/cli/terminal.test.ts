import { spawnSync } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { stripVTControlCharacters } from 'node:util'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { fleetFolder, type FleetFolder } from '../support/cli.ts'
import { eventually } from '../support/eventually.ts'
import { inTerminal as terminalIn, noTerminal } from '../support/terminal.ts'

const config = `
supervisor:
  security: { allowed_programs: { shell: [echo, cat] } }
  services:
    web:
      command: sh
      args: [-c, 'printf "\\033[32mgreen\\033[0m\\033[2J\\n"; exec sleep 1000']
`
const ctrlC = '\u0003'
const ctrlQ = '\u0011'
const ctrlS = '\u0013'

const inTerminal = (args: string, cwd: string, env: NodeJS.ProcessEnv = {}) => terminalIn(args, { cwd, env })

describe.skipIf(noTerminal)('in a terminal', () => {
  let fleet: FleetFolder
  beforeEach(() => {
    fleet = fleetFolder(config)
  })
  afterEach(async () => {
    await fleet.run(['down'])
    await fleet.end()
  })

  test('a custom restart shows each step as it ends', async () => {
    await fleet.up()
    const gate = join(fleet.cwd, 'gate')
    expect(spawnSync('mkfifo', [gate]).status).toBe(0)
    const words = '--pre-command "echo one" --pre-command "cat gate" --post-command "echo three"'
    const shown = inTerminal(`custom-restart web ${words}`, fleet.cwd, { HYPHAE_PROGRESS: '' })
    const plain = (): string => stripVTControlCharacters(shown.out)
    // The second command is not done as long as nobody writes: the table can't have come.
    await eventually(() => expect(plain()).toMatch(/done +pre 1 of 2: echo one: exited with code 0/))
    expect(plain()).not.toContain('STEP')
    writeFileSync(gate, 'two\n')
    expect(await shown.ended).toBe(0)
    expect(plain()).toMatch(/STEP[^]*pre 2 +done[^]*post 1 +done/)
  })

  test('status has colours, unless NO_COLOR is set; lines are cut', async () => {
    await fleet.up()
    const coloured = inTerminal('status', fleet.cwd)
    expect(await coloured.ended).toBe(0)
    expect(coloured.out).toContain('\u001B[32mrunning')
    const plain = inTerminal('status', fleet.cwd, { NO_COLOR: '1' })
    await plain.ended
    expect(plain.out).not.toContain('\u001B')
    expect(plain.out).toMatch(/^web +running/m)
  })

  test('logs keep their colours and nothing else', async () => {
    await fleet.up()
    const logs = inTerminal('logs', fleet.cwd, { NO_COLOR: '1' })
    await logs.ended
    expect(logs.out).toContain('\u001B[32mgreen')
    expect(logs.out).not.toContain('\u001B[2J')
  })

  test('up draws a table in its place; Ctrl-C stops everything', async () => {
    const up = inTerminal('up', fleet.cwd)
    await eventually(() => expect(up.out).toContain('\u001B[32mrunning'))
    expect(up.out).toContain('control.sock')
    up.type(ctrlC)
    expect(await up.ended).toBe(0)
    // oxlint-disable-next-line no-control-regex
    expect(up.out).toMatch(/\u001B\[\d+A\r/)
    expect(up.out).toMatch(/hyphae.*stopped, 1 of 1 services fine/)
  })

  test('a terminal that is halted does not halt the fleet', async () => {
    const up = inTerminal('up', fleet.cwd)
    await eventually(() => expect(up.out).toContain('\u001B[32mrunning'))
    up.type(ctrlS)
    // It has reached the terminal once nothing more is drawn: each restart would be.
    await eventually(async () => {
      up.taken()
      expect(await fleet.run(['restart', 'web'])).toMatchObject({ code: 0, err: '' })
      expect(up.out).toBe('')
    })
    expect(await fleet.run(['restart', 'web'])).toMatchObject({ code: 0, err: '' })
    up.type(ctrlQ)
    await eventually(() => expect(up.out).toContain('running'))
    up.type(ctrlC)
    expect(await up.ended).toBe(0)
  })

  test('status --watch draws changes until Ctrl-C', async () => {
    await fleet.up()
    const watching = inTerminal('status --watch', fleet.cwd)
    await eventually(() => expect(watching.out).toMatch(/web.*running/))
    await fleet.run(['stop', 'web'])
    await eventually(() => expect(watching.out).toMatch(/web.*stopped/))
    watching.type(ctrlC)
    expect(await watching.ended).toBe(0)
  })
})
