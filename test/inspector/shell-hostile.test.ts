import type { Browser } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { launchBrowser, noBrowser } from '../support/chromium.ts'
import { openPage } from './page.ts'
import { standIn, type StandIn } from './stand-in.ts'
import { chart, synthetic } from './synthetic.ts'

/** A recording that somebody made to do harm, in a real browser under the page's real policy. */

const html =
  '<img src=x onerror="globalThis.pwned=1"><script>globalThis.pwned=1</script>\u001b]8;;javascript:alert(1)\u0007x\u202egpj.exe'
const css = '};*{background:url(http://127.0.0.1:9/leak)}/*'
const at = 1_700_000_000_000

const evilChart = JSON.parse(
  JSON.stringify(chart).replaceAll(/"(label|key|guard)":"([^"]*)"/g, (_, name: string, text: string) =>
    JSON.stringify({ [name]: name === 'key' ? text : `${text}${html}${css}` }).slice(1, -1),
  ),
) as typeof chart

const row = (id: string, more: object = {}): object => ({
  id,
  since: at,
  events: 1,
  phase: 'active',
  state: html,
  reason: html,
  ...more,
})
const actors = [
  row('x:0', { name: html, chart: chart.hash }),
  row('x:1', { address: `service.${html}`, parent: 'x:0', chart: chart.hash }),
  row('x:2', { address: 'service.__proto__', parent: 'x:1', chart: '__proto__' }),
  row('__proto__', { address: 'service.constructor', parent: 'x:0', chart: 'constructor' }),
  row('constructor', { address: 'service.web', parent: 'x:0', chart: chart.hash, logic: css, state: 'running' }),
  row('toString', { address: 'javascript:globalThis.pwned=1', parent: 'nobody', state: 'on.__proto__.x,y' }),
]
const context = JSON.parse(
  `{"__proto__":{"polluted":1},"constructor":{"prototype":{"polluted":1}},"toString":1,"hasOwnProperty":null,"html":${JSON.stringify(html)}}`,
) as object
const records = Array.from({ length: 60 }, (_, index) => {
  const seq = index + 1
  const actor = ['constructor', '__proto__', 'x:1'][index % 3]
  if (index % 2 === 0) return { type: 'event', seq, at: at + seq, to: actor, from: 'x:0', event: html, payload: context }
  const was = { since: at, state: html, phase: 'active', reason: css }
  const changes = JSON.parse(`{"__proto__":[1,{"polluted":1}],"html":[${JSON.stringify(html)},null]}`) as object
  return { type: 'step', seq, at: at + seq, actor, of: index, event: html, edges: [html, '__proto__'], was, is: was, changes }
})
const recording = {
  format: 'hyphae.recording',
  version: 1,
  run: html,
  made: html,
  from: html,
  seq: records.length,
  at: at + 100,
  actors,
  contexts: [
    { id: 'constructor', context },
    { id: '__proto__', context },
  ],
  records,
  charts: [evilChart],
  layouts: [],
}

describe.skipIf(noBrowser !== null)('a hostile recording', () => {
  let browser: Browser
  let server: StandIn
  beforeAll(async () => {
    browser = await launchBrowser()
    server = await standIn(synthetic(2, 2, Date.now()))
  })
  afterAll(async () => {
    await browser.close()
    await server.end()
  })

  test('runs nothing, changes no prototype, asks nobody else, and every view of it can be opened', async () => {
    const { page, complaints, requested } = await openPage(browser, server.origin)
    await page.getByRole('heading', { name: 'Overview' }).waitFor()
    const file = { name: 'evil.json', mimeType: 'application/json', buffer: Buffer.from(JSON.stringify(recording)) }
    await page.locator('input[type=file]').setInputFiles(file)
    await page.getByText(/^Opened evil\.json/).waitFor()
    for (const actor of ['x:1', 'x:2', '__proto__', 'constructor', 'toString', 'service.web', html]) {
      await page.evaluate((name) => void (location.hash = `#/${encodeURIComponent(name)}`), actor)
      await page.evaluate(() => new Promise(requestAnimationFrame))
      const tabs = page.getByRole('tab')
      for (let index = 0; index < (await tabs.count()); index++) {
        await tabs.nth(index).click()
        await page.getByRole('tabpanel').first().waitFor()
      }
    }
    await page.keyboard.press('[')
    await page.keyboard.press('[')
    expect(
      await page.evaluate(() => [
        (globalThis as { pwned?: number }).pwned,
        ({} as { polluted?: number }).polluted,
        Array.from(
          document.querySelectorAll('#page script, #page img:not([src="./icon.svg"]), #page iframe, a[href^="javascript"]'),
          (one) => one.outerHTML,
        ),
      ]),
    ).toEqual([undefined, undefined, []])
    expect(
      requested.filter((url) => !url.startsWith(server.origin) && !url.startsWith('blob:') && !url.startsWith('data:')),
    ).toEqual([])
    expect(complaints).toEqual([])
    await page.close()
  })

  test('of actors that are above themselves, or of times that there are not, is refused, and the page goes on', async () => {
    const { page, complaints } = await openPage(browser, server.origin)
    await page.getByRole('heading', { name: 'Overview' }).waitFor()
    const circle = [row('a', { parent: 'b' }), row('b', { parent: 'a' })]
    const broken = [
      { ...recording, actors: circle },
      { ...recording, actors: [row('a', { since: 1e300 })] },
    ]
    for (const [index, one] of broken.entries()) {
      const buffer = Buffer.from(JSON.stringify(one))
      await page.locator('input[type=file]').setInputFiles({ name: `bad${index}.json`, mimeType: 'application/json', buffer })
      await page.getByText(`Cannot open bad${index}.json`).waitFor()
    }
    expect(await page.getByRole('heading', { name: 'Overview' }).count()).toBe(1)
    expect(complaints).toEqual([])
    await page.close()
  })
})
