import { mkdirSync, mkdtempSync, rmSync, symlinkSync, truncateSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gunzipSync } from 'node:zlib'
import { Hono } from 'hono'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { readPageFiles } from '../../src/http/inspector-files.ts'
import { pageRoutes } from '../../src/http/page-routes.ts'
import type { Env } from '../../src/http/routes.ts'
import { limits } from '../../src/protocol/limits.ts'

/** The files of the page as they are given out. How the page lives is for test/system and test/inspector. */

let folder: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'hyphae-page-'))
})
afterEach(() => rmSync(folder, { recursive: true, force: true }))

const script = 'console.log("hyphae")\n'.repeat(200)
function build(): void {
  mkdirSync(join(folder, 'assets'))
  mkdirSync(join(folder, 'layouts'))
  writeFileSync(join(folder, 'index.html'), '<!doctype html><title>Hyphae</title>')
  writeFileSync(join(folder, 'icon.svg'), '<svg/>')
  writeFileSync(join(folder, 'assets/index-CY0Zb-_o.js'), script)
  writeFileSync(join(folder, 'layouts/service.json'), '{}')
}
async function site() {
  const page = await readPageFiles(folder)
  const family = pageRoutes({ version: '1.2.3', page })
  const app = new Hono<Env>()
  family.add(app)
  const ask = async (path: string, headers: Record<string, string> = {}, method = 'GET') =>
    app.request(`http://localhost${path}`, { headers, method })
  return { page, open: family.open ?? [], ask }
}
const asset = '/assets/index-CY0Zb-_o.js'

describe('the built page', () => {
  beforeEach(build)

  test('each file is at its own path, open to anybody, with its type', async () => {
    const { open, ask } = await site()
    for (const [path, type] of [
      ['/', 'text/html; charset=utf-8'],
      ['/icon.svg', 'image/svg+xml'],
      [asset, 'text/javascript; charset=utf-8'],
      ['/layouts/service.json', 'application/json'],
    ] as const) {
      expect(open).toContain(path)
      const response = await ask(path)
      expect([response.status, response.headers.get('content-type')]).toEqual([200, type])
      expect(response.headers.get('content-length')).toBe(String((await response.arrayBuffer()).byteLength))
    }
    expect(open).not.toContain('/index.html')
  })

  test('only what changes its name with its bytes is kept without asking', async () => {
    const { ask } = await site()
    const kept = async (path: string) => (await ask(path)).headers.get('cache-control')
    expect(await kept(asset)).toBe('public, max-age=31536000, immutable')
    for (const path of ['/', '/icon.svg', '/layouts/service.json']) expect(await kept(path)).toBe('no-cache')
  })

  test('nothing but its own may run, be loaded, asked or frame it', async () => {
    const { headers } = await (await site()).ask('/')
    expect(headers.get('content-security-policy')).toBe(
      "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self' data:; worker-src 'self'; " +
        "font-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
    )
    expect(headers.get('referrer-policy')).toBe('no-referrer')
    expect(headers.get('cross-origin-opener-policy')).toBe('same-origin')
    expect(headers.get('cross-origin-resource-policy')).toBe('same-origin')
    expect(headers.get('permissions-policy')).toContain('camera=()')
  })

  test('who has the bytes gets none', async () => {
    const { ask } = await site()
    const etag = (await ask(asset)).headers.get('etag') ?? ''
    const status = async (wanted: string) => (await ask(asset, { 'if-none-match': wanted })).status
    for (const wanted of [etag, etag.replace('W/', ''), `"x", ${etag}`, '*']) expect(await status(wanted)).toBe(304)
    for (const wanted of ['"x"', '', etag.slice(0, -2), ','.repeat(10_000)]) expect(await status(wanted)).toBe(200)
    const known = await ask(asset, { 'if-none-match': etag })
    expect([await known.text(), known.headers.get('content-type'), known.headers.get('etag')]).toEqual(['', null, etag])
    writeFileSync(join(folder, asset), `${script}//`)
    expect((await (await site()).ask(asset)).headers.get('etag')).not.toBe(etag)
  })

  test.each([
    ['gzip', true],
    ['gzip, deflate, br', true],
    ['br;q=1.0, GZIP;q=0.8', true],
    ['*', true],
    [undefined, false],
    ['identity', false],
    ['gzip;q=0', false],
    ['gzip; q=0.000, *', false],
    ['xgzip', false],
    [`${'gzip;q=0,'.repeat(5_000)}gzip`, false],
    [';'.repeat(50_000), false],
  ])('accept-encoding: %.30s', async (accepted, small) => {
    const { ask } = await site()
    const response = await ask(asset, accepted === undefined ? {} : { 'accept-encoding': accepted })
    const bytes = Buffer.from(await response.arrayBuffer())
    expect(response.headers.get('content-encoding')).toBe(small ? 'gzip' : null)
    expect(response.headers.get('vary')).toContain('accept-encoding')
    expect(response.headers.get('content-length')).toBe(String(bytes.length))
    expect((small ? gunzipSync(bytes) : bytes).toString()).toBe(script)
  })

  test('a large file is read when somebody asks for it, and is the same in each way', async () => {
    const engine = '/assets/engine-CY0Zb-_o.js'
    const text = '// a layout engine\n'.repeat(limits.pageFileBytes / 8)
    writeFileSync(join(folder, engine), text)
    const { ask } = await site()
    // Nobody has asked yet: what is written now is what is read.
    const other = text.replaceAll('layout', 'LAYOUT')
    writeFileSync(join(folder, engine), other)
    const whole = await ask(engine)
    expect([whole.headers.get('content-length'), await whole.text()]).toEqual([String(other.length), other])
    rmSync(join(folder, engine))
    const small = await ask(engine, { 'accept-encoding': 'gzip' })
    expect(small.headers.get('content-encoding')).toBe('gzip')
    expect(gunzipSync(Buffer.from(await small.arrayBuffer())).toString()).toBe(other)
    expect((await ask(engine, { 'if-none-match': small.headers.get('etag') ?? '' })).status).toBe(304)
  })

  test('a large file that is gone is not found, until it is there', async () => {
    const engine = '/assets/engine-CY0Zb-_o.js'
    const text = '// a layout engine\n'.repeat(limits.pageFileBytes / 8)
    writeFileSync(join(folder, engine), text)
    const { ask } = await site()
    rmSync(join(folder, engine))
    const gone = await ask(engine)
    expect([gone.status, gone.headers.get('cache-control'), await gone.text()]).toEqual([
      404,
      null,
      expect.stringContaining('built anew'),
    ])
    writeFileSync(join(folder, engine), text)
    expect((await ask(engine)).status).toBe(200)
  })

  test('what would not get smaller stays as it is', async () => {
    const response = await (await site()).ask('/icon.svg', { 'accept-encoding': 'gzip' })
    expect([response.headers.get('content-encoding'), await response.text()]).toEqual([null, '<svg/>'])
  })

  test('HEAD says the same without the bytes; no other method is known', async () => {
    const { ask } = await site()
    const head = await ask(asset, {}, 'HEAD')
    expect([head.status, head.headers.get('content-length'), await head.text()]).toEqual([200, String(script.length), ''])
    for (const method of ['POST', 'PUT', 'DELETE', 'PATCH']) {
      const response = await ask(asset, {}, method)
      expect([response.status, response.headers.get('allow')]).toEqual([405, 'GET, HEAD'])
    }
  })

  test('nothing but these files: no other path, however it is written', async () => {
    writeFileSync(join(folder, 'secret.txt'), 'x')
    writeFileSync(join(folder, 'a b.json'), 'x')
    symlinkSync('/etc/passwd', join(folder, 'passwd.json'))
    mkdirSync(join(folder, '..outside'), { recursive: true })
    const { page, ask } = await site()
    expect([...(page?.keys() ?? [])].toSorted()).toEqual(['/', asset, '/icon.svg', '/layouts/service.json'])
    for (const path of [
      '/index.html',
      '/secret.txt',
      '/passwd.json',
      '/assets',
      '/assets/',
      '/assets/../../package.json',
      '/assets/..%2f..%2fpackage.json',
      '/assets/%2e%2e/%2e%2e/package.json',
      '/..%5c..%5cpackage.json',
      '//etc/passwd',
      '/assets%2findex-CY0Zb-_o.js',
      `${asset}%00`,
      `${asset}/`,
      '/__proto__',
    ])
      expect([path, (await ask(path)).status]).toEqual([path, 404])
  })

  test('too much of it is no page', async () => {
    writeFileSync(join(folder, 'large.json'), '')
    truncateSync(join(folder, 'large.json'), limits.pageBytes)
    expect(await readPageFiles(folder)).toBeNull()
    rmSync(join(folder, 'large.json'))
    for (let count = 0; count < limits.pageFiles; count++) writeFileSync(join(folder, `l${count}.json`), '')
    expect(await readPageFiles(folder)).toBeNull()
  })
})

test('a page that was not built says how to make it, and where else to look', async () => {
  rmSync(folder, { recursive: true })
  const { page, ask, open } = await site()
  expect(page).toBeNull()
  expect(open).toEqual(['/', '/dashboard', '/dashboard/'])
  const response = await ask('/')
  const text = await response.text()
  expect(response.status).toBe(503)
  expect(text).toContain('npm run build')
  expect(text).toContain('href="/api"')
  expect(text).not.toContain('<script')
  expect(response.headers.get('content-security-policy')).toMatch(/^default-src 'none'; style-src 'sha256-/)
  expect((await ask('/', {}, 'DELETE')).status).toBe(405)
  expect((await ask('/dashboard')).headers.get('location')).toBe('/')
})
