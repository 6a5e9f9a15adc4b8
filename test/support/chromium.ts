import { existsSync, mkdirSync } from 'node:fs'
import { join } from 'node:path'
import process from 'node:process'
import { chromium, type Browser } from 'playwright-core'

/** A real browser: HYPHAE_CHROMIUM, else one that the system has, else the one that comes with the packages. */

/** Where the packaged one unpacks itself, once. */
const cache = join(import.meta.dirname, '../../node_modules/.cache/chromium')

async function executable(): Promise<string> {
  const given = process.env['HYPHAE_CHROMIUM']
  if (given !== undefined && given !== '') return given
  const own = '/usr/bin/chromium'
  if (existsSync(own)) return own
  mkdirSync(cache, { recursive: true })
  // It unpacks into the folder for temporary files, which others clear; and brings its own libraries where one asks it to.
  const before = process.env['TMPDIR']
  process.env['TMPDIR'] = cache
  process.env['AWS_LAMBDA_JS_RUNTIME'] ??= existsSync('/usr/lib/x86_64-linux-gnu/libnss3.so') ? '' : 'nodejs22.x'
  try {
    const { default: packaged } = await import('@sparticuz/chromium')
    return await packaged.executablePath()
  } finally {
    if (before === undefined) delete process.env['TMPDIR']
    else process.env['TMPDIR'] = before
  }
}

/** Why there can be none here; null when there can. */
export const noBrowser: string | null =
  process.platform === 'linux' && process.arch === 'x64'
    ? null
    : process.env['HYPHAE_CHROMIUM'] === undefined
      ? 'no browser is packaged for this platform; name one in HYPHAE_CHROMIUM'
      : null

export const launchBrowser = async (): Promise<Browser> =>
  chromium.launch({
    executablePath: await executable(),
    args: [
      '--no-sandbox',
      // What a test serves in place of a server has no address, so it would count as a page from elsewhere.
      '--disable-features=LocalNetworkAccessChecks',
    ],
  })
