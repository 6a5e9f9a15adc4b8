import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Browser, BrowserContextOptions, Page } from 'playwright-core'
import { expect } from 'vitest'
import { connect, type Client } from '../../src/client/index.ts'
import { findControlSocket } from '../../src/control-socket.ts'
import { fleetFolder, type FleetFolder } from '../support/cli.ts'
import { eventually } from '../support/eventually.ts'
import { freePort } from '../support/free-port.ts'

/** Real programs with an HTTP port that stays the same however often they are started, and somebody who watches them. */

export interface JourneyFleet extends FleetFolder {
  readonly origin: string
  /** Another config, taken up by `hyphae reload`. */
  reload(config: string): Promise<void>
  /** `hyphae inspect`: the address that it prints. */
  link(...args: readonly string[]): Promise<string>
  /** On a connection of its own. */
  ask<T>(talk: (client: Client) => Promise<T>): Promise<T>
  /** What `actor.list` says: state by address. */
  actors(): Promise<ReadonlyMap<string, string>>
  /** Addresses of the logins there are. */
  logins(): Promise<readonly string[]>
}

export async function journeyFleet(config: string): Promise<JourneyFleet> {
  const port = await freePort()
  const place = fleetFolder(config)
  const env = { HYPHAE_HTTP_PORT: String(port) }
  const json = async (...args: string[]): Promise<unknown> => {
    const { out, err, code } = await place.run(args)
    if (code !== 0) throw new Error(`${args.join(' ')}: ${err}`)
    return JSON.parse(out)
  }
  async function ask<T>(talk: (client: Client) => Promise<T>): Promise<T> {
    const client = await connect({ socket: findControlSocket(place.stateDir) })
    try {
      return await talk(client)
    } finally {
      client.close()
    }
  }
  const actors = async () => {
    const { actors: all } = await ask((client) => client.call('actor.list', {}))
    return new Map(all.map(({ address, state }) => [address, state]))
  }
  return {
    ...place,
    origin: `http://127.0.0.1:${port}`,
    up: (more, args, node) => place.up({ ...env, ...more }, args, node),
    async reload(text) {
      writeFileSync(join(place.cwd, 'hyphae.yaml'), text)
      const { code, err } = await place.run(['reload'], env)
      expect([code, err]).toEqual([0, ''])
    },
    async link(...args) {
      return ((await json('inspect', '--json', ...args)) as { url: string }).url
    },
    ask,
    actors,
    logins: async () => Array.from((await actors()).keys()).filter((address) => address.startsWith('login.')),
  }
}

/** The name of the state that is lit on the chart, without those around it. */
export const lit = (page: Page): Promise<string[]> =>
  page
    .locator('svg .chart-words.is-active')
    .evaluateAll((found) => found.map((one) => one.getAttribute('data-node')?.split('.').at(-1) ?? ''))

export const endsIn = (page: Page, state: string): Promise<void> =>
  eventually(async () => expect(await lit(page)).toContain(state))

/** A page of its own, and what it complains of. */
export async function visit(browser: Browser, url: string, options: BrowserContextOptions = {}) {
  const context = await browser.newContext({ viewport: { width: 1440, height: 900 }, acceptDownloads: true, ...options })
  const page = await context.newPage()
  const complaints: string[] = []
  page.on('console', (message) => {
    const text = message.text()
    if (message.type() === 'error' && !/Failed to load resource|WebSocket connection to/.test(text)) complaints.push(text)
  })
  page.on('pageerror', ({ message }) => complaints.push(message))
  await page.goto(url)
  return { page, context, complaints }
}

/** Writes a recording by the menu, and answers where it is. */
export async function exported(page: Page, file: string): Promise<string> {
  await page.getByRole('button', { name: 'Menu' }).click()
  const [download] = await Promise.all([
    page.waitForEvent('download'),
    page.getByRole('button', { name: 'Export recording' }).click(),
  ])
  await download.saveAs(file)
  return readFileSync(file, 'utf8')
}
