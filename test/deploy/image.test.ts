import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { afterAll, describe, expect, test } from 'vitest'
import { parse } from 'yaml'
import { launch } from '../support/cli.ts'

/** The Dockerfile as it is written. No daemon builds it here; docs/operations/docker.md says what was run by hand. */

const root = resolve(import.meta.dirname, '../..')
const read = (path: string): string => readFileSync(join(root, path), 'utf8')

interface Instruction {
  readonly word: string
  readonly rest: string
}
const instructions: Instruction[] = read('Dockerfile')
  .replaceAll(/^#.*\n/gm, '')
  .replaceAll(/\\\n\s*/g, '')
  .split('\n')
  .filter((line) => line.trim() !== '')
  .map((line) => ({ word: line.split(' ', 1)[0] ?? '', rest: line.slice(line.indexOf(' ') + 1) }))
const starts = instructions.flatMap(({ word }, at) => (word === 'FROM' ? [at] : []))
const last = instructions.slice(starts.at(-1))
const all = (word: string, of: readonly Instruction[] = last): string[] =>
  of.filter((one) => one.word === word).map(({ rest }) => rest)

const folder = mkdtempSync(join(tmpdir(), 'hyphae-image-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

describe('the image', () => {
  test('is built in stages; what builds it does not stay in it', () => {
    expect(starts.length).toBe(3)
    expect(all('COPY').some((what) => /\bsrc\b|tsconfig/.test(what))).toBe(false)
    const installs = all('RUN', instructions).filter((line) => line.includes('npm ci'))
    expect(installs.length).toBe(2)
    for (const line of installs) expect(line).toContain('--ignore-scripts')
    expect(installs.some((line) => line.includes('--omit=dev'))).toBe(true)
    expect(all('COPY')).toContain('--from=dependencies /opt/hyphae/node_modules node_modules')
    expect(all('RUN').join('\n')).not.toContain('npm')
  })

  test('has a Node that is new enough, and no moving tag', () => {
    const [, image = ''] = all('ARG', instructions)[0]?.split('=') ?? []
    expect(Number(/^node:(\d+)-/.exec(image)?.[1])).toBeGreaterThanOrEqual(24)
    expect(read('Dockerfile')).not.toContain(':latest')
  })

  test('runs below tini, as somebody who is not root, with its state in a volume', () => {
    expect(JSON.parse(all('ENTRYPOINT')[0] ?? '')).toEqual(['/usr/bin/tini', '--', 'hyphae'])
    expect(JSON.parse(all('CMD')[0] ?? '')).toEqual(['up'])
    expect(all('RUN')[0]).toMatch(/install --yes --no-install-recommends .*\btini\b/)
    expect(all('USER')).toEqual(['hyphae'])
    const config = parse(read('deploy/docker/hyphae.yaml')) as { state: string }
    expect(all('VOLUME')).toEqual([config.state])
    // Nothing that needs root comes behind it.
    const order = last.map(({ word }) => word)
    expect(order.lastIndexOf('RUN')).toBeLessThan(order.indexOf('USER'))
    expect(all('EXPOSE')).toEqual(['8081 3001'])
    expect(all('HEALTHCHECK')[0]).toContain('CMD ["hyphae", "status", "--json"]')
  })

  test('everything that it copies is there, and let through', () => {
    const ignored = read('.dockerignore').split('\n')
    expect(ignored).toContain('*')
    const sources = all('COPY', instructions)
      .filter((what) => !what.startsWith('--from'))
      .flatMap((what) => what.split(' ').slice(0, -1))
    for (const source of sources) {
      expect(existsSync(join(root, source)), source).toBe(true)
      expect(ignored, source).toContain(`!${source}`)
    }
  })

  test.each([
    ['no token', {}, 'SUPERVISOR_TOKEN'],
    ['an empty token', { SUPERVISOR_TOKEN: '' }, 'authentication is enabled, so a token is needed'],
  ])('with %s it refuses to start, and says so', async (_, env, words) => {
    const config = join(root, 'deploy/docker/hyphae.yaml')
    const { code, err } = await launch(['up'], { cwd: folder, env: { MAGICTUNNEL_CONFIG: config, HYPHAE_STATE: folder, ...env } })
      .ended
    expect(code).toBe(2)
    expect(err).toContain(words)
  })

  test('with a token its config is right', async () => {
    const config = join(root, 'deploy/docker/hyphae.yaml')
    const { code, err } = await launch(['validate', '-c', config], { cwd: folder, env: { SUPERVISOR_TOKEN: 'x'.repeat(32) } })
      .ended
    expect(code).toBe(0)
    // One for each port: within a container nobody else is on the way.
    expect(err.match(/^warning: /gm)).toHaveLength(2)
    expect(err.match(/in the clear/g)).toHaveLength(2)
  })
})

describe('the compose file', () => {
  test('publishes on this machine only, and asks for the token', () => {
    const { services } = parse(read('deploy/docker/compose.yaml')) as {
      services: { hyphae: { ports: string[]; environment: Record<string, string>; stop_grace_period: string } }
    }
    const { ports, environment, stop_grace_period: grace } = services.hyphae
    for (const port of ports) expect(port).toMatch(/^127\.0\.0\.1:/)
    expect(environment['SUPERVISOR_TOKEN']).toMatch(/^\$\{SUPERVISOR_TOKEN:\?/)
    expect(grace).toBe('5m')
  })
})
