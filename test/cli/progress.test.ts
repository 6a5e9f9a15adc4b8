import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { fleetFolder, type FleetFolder } from '../support/cli.ts'
import { eventually } from '../support/eventually.ts'

const config = `
supervisor:
  services:
    stubborn:
      command: sh
      args: ['-c', "trap '' TERM; touch ready; while :; do sleep 0.1; done"]
      stop_grace: 2500ms
`

let fleet: FleetFolder

beforeEach(async () => {
  fleet = fleetFolder(config)
  await fleet.up()
  // Only now does it ignore that it is to stop.
  await eventually(() => expect(existsSync(join(fleet.cwd, 'ready'))).toBe(true))
})

afterEach(() => fleet.end())

test('with HYPHAE_PROGRESS=off stderr is silent however long it takes', async () => {
  expect(await fleet.run(['restart', 'stubborn'], { HYPHAE_PROGRESS: 'off' })).toMatchObject({ code: 0, err: '' })
})
