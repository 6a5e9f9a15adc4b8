import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import type { Browser, BrowserContextOptions, Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { launchBrowser, noBrowser } from '../support/chromium.ts'
import { eventually } from '../support/eventually.ts'
import { httpFleet, type HttpFleet } from '../support/http.ts'
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

/** A stand-in for the stream of the banner, which says one thing; all others are real. */
const standInBanner = (said: object): string => `
  const Real = EventSource
  window.EventSource = function (url) {
    if (!url.includes('banner')) return new Real(url)
    const source = { readyState: 1 }
    setTimeout(() => source.onmessage({ data: ${JSON.stringify(JSON.stringify(said))} }))
    return source
  }`

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
      if (message.type() === 'error' && !message.text().includes('Failed to load resource')) complaints.push(message.text())
    })
    page.on('pageerror', ({ message }) => complaints.push(message))
    await prepare(page)
    await page.goto(url)
    return { page, complaints, text: (selector: string) => page.locator(selector).innerText() }
  }

  test('/ shows services as they change, and what goes on', async () => {
    const said = {
      type: 'warning',
      title: 'x',
      message: 'y',
      text: 'Restarting <b>web</b>',
      countdown_seconds: 15,
      since: '',
      about: null,
    }
    const { page, complaints, text } = await open(`${fleet.origin}/`, {}, async (one) => {
      await one.addInitScript(standInBanner(said))
    })
    await eventually(async () => expect(await text('#rows')).toMatch(/^web\s+healthy/))
    await page.locator('#banner.warning', { hasText: 'Restarting <b>web</b> (15 s remaining)' }).waitFor()
    await fleet.call('service.stop', { services: ['web'] })
    await eventually(async () => expect(await text('#rows')).toMatch(/^web\s+stopped/))
    await fleet.call('service.start', { services: ['web'] })
    await eventually(async () => expect(await text('#rows')).toMatch(/^web\s+healthy/))
    expect(complaints).toEqual([])
    await page.close()
  })

  test('/ says plainly that it may not show anything, and does with a token', async () => {
    const { page, complaints, text } = await open(`${guarded.origin}/`)
    await eventually(async () => {
      expect(await text('#banner')).toBe('What goes on cannot be shown: a token is needed')
      expect(await text('#none')).toContain('a token is needed')
    })
    const show = async (token: string) => {
      await page.getByLabel('Token').fill(token)
      await page.getByRole('button', { name: 'Show' }).click()
    }
    await show('wrong')
    await eventually(async () => expect(await text('#banner')).toContain('this token is not valid'))
    await show('sesame')
    await eventually(async () => expect(await text('#rows')).toMatch(/^web\s+healthy/))
    expect(await page.getByLabel('Token').isVisible()).toBe(false)
    await guarded.call('service.stop', { services: ['web'] })
    await eventually(async () => expect(await text('#rows')).toMatch(/^web\s+stopped/))
    expect(complaints).toEqual([])
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
    // What would end the one that is asked comes last, and is not tried here.
    for (const line of lines.filter((text) => !/\/system\/(?:shutdown|leave)'/.test(text))) {
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
