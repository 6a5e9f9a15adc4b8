import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import type { Browser, BrowserContextOptions, Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { launchBrowser, noBrowser } from '../support/chromium.ts'
import { eventually } from '../support/eventually.ts'
import { exchange, httpFleet, type HttpFleet } from '../support/http.ts'
import { specOf } from '../support/specs.ts'

/** The pages in a real browser, and the lines on them in a real shell. */

const talkative = ['-c', 'echo hello; exec sleep 1000']
let fleet: HttpFleet
let guarded: HttpFleet
beforeAll(async () => {
  const services = [specOf({ name: 'web', command: '/bin/sh', args: talkative })]
  fleet = await httpFleet({ services })
  guarded = await httpFleet({ services, access: { token: 'sesame', allowedCommands: null } })
})
afterAll(async () => {
  await fleet.end()
  await guarded.end()
})

describe.skipIf(noBrowser !== null)('in a browser', () => {
  let browser: Browser
  beforeAll(async () => {
    browser = await launchBrowser()
  })
  afterAll(() => browser.close())

  /** A page, and what it complains of. */
  async function open(url: string, options: BrowserContextOptions = {}, prepare: (page: Page) => Promise<void> = async () => {}) {
    const page = await browser.newPage(options)
    const complaints: string[] = []
    page.on('console', (message) => {
      // That a token is wanted is for the page to say, and no mistake of its own.
      const mine = !/Failed to load resource|WebSocket connection to .* failed: HTTP Authentication/.test(message.text())
      if (message.type() === 'error' && mine) complaints.push(message.text())
    })
    page.on('pageerror', ({ message }) => complaints.push(message))
    await prepare(page)
    await page.goto(url)
    return { page, complaints, text: (selector: string) => page.locator(selector).innerText() }
  }

  test('/ loads under its policy: scripts, styles and a WebSocket of this origin, and nothing from elsewhere', async () => {
    for (const { origin } of [fleet, guarded]) {
      const asked: string[] = []
      const { page, complaints } = await open(`${origin}/`, {}, async (one) => {
        one.on('request', (request) => asked.push(request.url()))
      })
      await eventually(async () =>
        expect(await page.evaluate('document.querySelector("#page").childElementCount')).toBeGreaterThan(0),
      )
      expect(complaints).toEqual([])
      for (const url of asked) expect(url.replace(/^ws/, 'http')).toMatch(new RegExp(`^${origin}/|^data:|^blob:`))
      expect(asked.some((url) => url.endsWith('.js'))).toBe(true)
      // Neither does what somebody managed to put into it.
      expect(
        await page.evaluate(`new Promise((resolve) => {
          document.addEventListener('securitypolicyviolation', (event) => resolve(event.effectiveDirective), { once: true })
          const script = document.createElement('script')
          script.textContent = 'window.intruder = true'
          document.body.append(script)
        })`),
      ).toMatch(/^script-src/)
      expect(await page.evaluate('window.intruder')).toBeUndefined()
      await page.close()
    }
  })

  test('a WebSocket to where the page came from is what its policy permits', async () => {
    const { page, complaints } = await open(`${fleet.origin}/`)
    const opened = await page.evaluate(`new Promise((resolve) => {
      const socket = new WebSocket(location.origin.replace('http', 'ws') + '/rpc', ['hyphae.rpc'])
      socket.onopen = () => resolve('open')
      socket.onerror = () => resolve('refused')
    })`)
    expect(opened).toBe('open')
    expect(complaints).toEqual([])
    const elsewhere = await page.evaluate(`new Promise((resolve) => {
      document.addEventListener('securitypolicyviolation', (event) => resolve(event.effectiveDirective), { once: true })
      try { new WebSocket('ws://127.0.0.1:1/') } catch {}
    })`)
    expect(elsewhere).toBe('connect-src')
    await page.close()
  })

  test('/dashboard leads to /', async () => {
    for (const path of ['/dashboard', '/dashboard/']) {
      const { page } = await open(`${fleet.origin}${path}`)
      expect(page.url()).toBe(`${fleet.origin}/`)
      await page.close()
    }
  })

  test('/api needs no JavaScript, fits a narrow screen, and takes the name of a service', async () => {
    const narrow = { javaScriptEnabled: false, viewport: { width: 390, height: 800 }, colorScheme: 'dark' as const }
    const { page, complaints } = await open(`${fleet.origin}/api`, narrow)
    await page.getByLabel('Service in the lines to copy').fill('my-api')
    await page.getByRole('button', { name: 'Show' }).click()
    await page.locator('pre', { hasText: `-d '{"services":["my-api"]}'` }).first().waitFor()
    await page.getByRole('link', { name: '/api/v1/service/restart' }).click()
    expect(page.url()).toMatch(/#service\.restart$/)
    expect(await page.evaluate('document.documentElement.scrollWidth')).toBeLessThanOrEqual(390)
    expect(complaints).toEqual([])
    await page.close()
  })

  test('a link from elsewhere leads here; a frame and a script from there do not', async () => {
    const { page } = await open('http://elsewhere.example/', {}, async (one) => {
      const { origin } = fleet
      const body = `<a href="${origin}/api">go</a> <iframe src="${origin}/"></iframe> <a href="${origin}/api/v1/status">data</a>`
      await one.route('http://elsewhere.example/', (route) => route.fulfill({ contentType: 'text/html', body }))
    })
    const status = async (name: string): Promise<number | undefined> => {
      const answered = page.waitForResponse(
        (response) => response.request().isNavigationRequest() && response.frame() === page.mainFrame(),
      )
      await page.getByRole('link', { name }).click()
      return (await answered).status()
    }
    expect(await status('go')).toBe(200)
    await page.goto('http://elsewhere.example/')
    expect(await status('data')).toBe(403)
    await page.close()
  })
})

test('no path leads out of the folder of the page, and what is not a file of it is not open', async () => {
  const say = (port: number, path: string, ...headers: string[]) =>
    exchange(port, [`GET ${path} HTTP/1.1`, 'Host: localhost', ...headers, 'Connection: close', '', ''].join('\r\n'))
  for (const path of [
    '/assets/../../package.json',
    '/assets/../../../package.json',
    '/..%2f..%2fpackage.json',
    '/assets/%2e%2e/%2e%2e/package.json',
    String.raw`/assets/..\..\package.json`,
    '//package.json',
    '/assets/%00',
    '/index.html',
    '/assets/',
  ]) {
    const answer = await say(fleet.port, path)
    expect([path, answer.split(' ')[1]]).toEqual([path, expect.stringMatching(/^40[04]$/)])
    expect(answer).not.toContain('"version"')
    expect([path, (await say(guarded.port, path)).split(' ')[1]]).toEqual([path, expect.stringMatching(/^40[01]$/)])
  }
  // Written in another way it may be the same file, but it is not open.
  expect((await say(guarded.port, '/%69con.svg')).split(' ')[1]).toBe('401')
  const [, etag = ''] = /\r\netag: (.*)\r\n/i.exec(await say(guarded.port, '/icon.svg')) ?? []
  expect(etag).toMatch(/^W\/"/)
  expect(await say(guarded.port, '/icon.svg', `If-None-Match: ${etag}`)).toMatch(/^HTTP\/1\.1 304 /)
})

test('each line of /api works as it is printed', async () => {
  const run = promisify(execFile)
  for (const [one, env] of [
    [fleet, {}],
    [guarded, { HYPHAE_TOKEN: 'sesame' }],
  ] as const) {
    const page = await (await fetch(`${one.origin}/api`)).text()
    const entities = { '&#39;': "'", '&quot;': '"', '&amp;': '&' } as const
    const lines = Array.from(page.matchAll(/<pre class="line"[^>]*>\s*([^<]+?)\s*<\/pre>/g), ([, line = '']) =>
      line.replaceAll(/&(?:#39|quot|amp);/g, (entity) => entities[entity as '&amp;']),
    )
    expect(lines.length).toBeGreaterThan(20)
    // What would end the one that is asked comes last, and is not tried here; a ticket is another one each time.
    for (const line of lines.filter((text) => !/\/system\/(?:shutdown|leave)'|\/log(?:in|out)'/.test(text))) {
      // A stream has no end of its own.
      const shell = line.includes(' -N ') ? `${line} --max-time 1 || true` : line
      const { stdout } = await run('sh', ['-c', shell], { env: { PATH: process.env['PATH'], ...env } })
      if (stdout === 'ok\n' || stdout.startsWith('# HELP ')) continue
      const told = line.includes(' -N ') ? (/^data: (.*)$/m.exec(stdout)?.[1] ?? '{}') : stdout
      const { error } = JSON.parse(told) as { error?: { code: string } }
      expect(
        ['invalid_params', 'invalid_request', 'parse_error', 'unknown_command', 'unauthorized', 'internal'],
        `${line}: ${told}`,
      ).not.toContain(error?.code)
    }
  }
}, 120_000)
