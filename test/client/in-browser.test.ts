import { readFileSync } from 'node:fs'
import { stripTypeScriptTypes } from 'node:module'
import { join } from 'node:path'
import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { TestPage } from '../fixtures/page.ts'
import { launchBrowser, noBrowser } from '../support/chromium.ts'
import { startFleet, type Fleet } from '../support/fleet.ts'
import { specOf } from '../support/specs.ts'

/** The SDK in a real browser, against a real orchestrator: from its own origin, from one that is allowed, from others. */

const root = join(import.meta.dirname, '../..')
const allowed = 'http://localhost:5173'
const token = 'correct-horse'

let fleet: Fleet
let guarded: Fleet
let browser: Browser

const options = { listeners: [{ name: 'http', endpoint: 'http:127.0.0.1:0', dialect: 'jsonrpc' }], allowedOrigins: [allowed] }
const originOf = ({ orchestrator }: Fleet): string => `http://${orchestrator.view.listeners()[0]?.address ?? ''}`

beforeAll(async () => {
  if (noBrowser !== null) return
  const web = specOf({
    name: 'web',
    command: '/bin/sh',
    args: ['-c', 'echo hello from $$; exec sleep 1000'],
    stopSignal: 'SIGKILL',
  })
  fleet = await startFleet([web], options)
  guarded = await startFleet([web], { ...options, access: { token, allowedCommands: null } })
  for (const one of [fleet, guarded]) await one.until('web', 'healthy')
  browser = await launchBrowser()
})
afterAll(async () => {
  if (noBrowser !== null) return
  await browser.close()
  await fleet.end()
  await guarded.end()
})

/** An empty page of an origin that has the SDK's own sources, as a browser runs them. */
async function pageOf(origin: string): Promise<Page> {
  const page = await browser.newPage()
  await page.route(`${origin}/page/**`, (route) => {
    const path = new URL(route.request().url()).pathname.replace('/page/', '')
    if (path === '')
      return route.fulfill({
        contentType: 'text/html',
        body: '<!doctype html><script type=module src=test/fixtures/page.ts></script>',
      })
    const body = stripTypeScriptTypes(readFileSync(join(root, path), 'utf8'))
    return route.fulfill({ contentType: 'text/javascript', body })
  })
  await page.goto(`${origin}/page/`)
  return page
}

/** They run in the page. */
const drive = (errand: Parameters<TestPage['drive']>[0]) => (globalThis as unknown as { page: TestPage }).page.drive(errand)
const knock = (errand: Parameters<TestPage['knock']>[0]) => (globalThis as unknown as { page: TestPage }).page.knock(errand)

const scheme = (url: string, wanted: string): string => url.replace(/^http/, wanted)

describe.skipIf(noBrowser !== null)('in a browser', () => {
  test.each([
    ['its own origin', 'http'],
    ['its own origin', 'ws'],
    ['an origin that is allowed', 'http'],
    ['an origin that is allowed', 'ws'],
  ])('from %s over %s', async (from, wire) => {
    const own = originOf(fleet)
    const page = await pageOf(from === 'its own origin' ? own : allowed)
    const { before, after, lines } = await page.evaluate(drive, { url: scheme(own, wire) })
    expect(after).not.toBe(before)
    expect(after).toBe(fleet.status('web').pid)
    expect(lines).toContain(`hello from ${after}`)
    await page.close()
  })

  test.each(['http', 'ws'])('from another origin nobody is let in over %s', async (wire) => {
    const page = await pageOf('http://other.example')
    expect(await page.evaluate(knock, { url: scheme(originOf(fleet), wire) })).toMatch(/^(?:unavailable|forbidden)$/)
    await page.close()
  })

  test.each(['http', 'ws'])('with a token over %s, and not with a wrong one or none', async (wire) => {
    const page = await pageOf(allowed)
    const url = scheme(originOf(guarded), wire)
    expect(await page.evaluate(knock, { url })).toBe('unauthorized')
    expect(await page.evaluate(knock, { url, token: 'wrong' })).toBe('unauthorized')
    expect(await page.evaluate(knock, { url, token })).toBe('let in')
    await page.close()
  })
})
