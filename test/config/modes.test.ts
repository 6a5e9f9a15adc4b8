import { describe, expect, test } from 'vitest'
import { parseConfig } from '../../src/config/load.ts'
import { configOf, folder, problemsOf } from './parse.ts'

const text = (more = '', services = ''): string =>
  `supervisor:
  ${more}
  services:
    core: { command: x }
    extra: { command: x, modes: [advanced] }
    night: { command: x, modes: [advanced, nightly] }
${services}`
const named = (more: string, env: Record<string, string> = {}, mode?: string) => {
  const config = parseConfig(text(more), { path: `${folder}/hyphae.yaml`, env, flags: mode === undefined ? {} : { mode } })
  return { mode: config.mode, services: config.services.map(({ name }) => name), left: [...config.leftOut.keys()] }
}

describe('modes', () => {
  test('without one, only what names none runs', () => {
    expect(named('')).toEqual({ mode: null, services: ['core'], left: ['extra', 'night'] })
  })

  test('the flag comes before the variable, the variable before the file', () => {
    expect(named('mode: nightly')).toEqual({ mode: 'nightly', services: ['core', 'night'], left: ['extra'] })
    expect(named('mode: nightly', { MAGICTUNNEL_RUNTIME_MODE: 'advanced' }).services).toEqual(['core', 'extra', 'night'])
    expect(named('mode: nightly', { MAGICTUNNEL_RUNTIME_MODE: 'advanced' }, 'proxy')).toMatchObject({
      mode: 'proxy',
      services: ['core'],
    })
    expect(named('mode: nightly', { MAGICTUNNEL_RUNTIME_MODE: '' }).mode).toBe('nightly')
  })

  test("MagicTunnel's own two are known where nothing names them: its users have them in their environment", () => {
    const plain = 'supervisor: { services: { web: { command: x } } }'
    expect(configOf(plain, { MAGICTUNNEL_RUNTIME_MODE: 'proxy' })).toMatchObject({ mode: 'proxy', services: [{ name: 'web' }] })
  })

  test('one that nothing knows is an error where it was said', () => {
    expect(problemsOf(text('mode: nigthly'))).toEqual([
      '2:9 supervisor.mode: no service names the mode "nigthly"; known are proxy, advanced, nightly (nightly?)',
    ])
    expect(problemsOf(text(), { MAGICTUNNEL_RUNTIME_MODE: 'advnaced' })).toEqual([
      '0:0 MAGICTUNNEL_RUNTIME_MODE: no service names the mode "advnaced"; known are proxy, advanced, nightly (advanced?)',
    ])
  })

  test('what runs can not need what is left out; what is left out may', () => {
    const web = '    web: { command: x, depends_on: [night] }\n    late: { command: x, modes: [nightly], depends_on: [night] }'
    expect(problemsOf(text('', web))).toEqual([
      '7:37 supervisor.services.web.depends_on[0]: "night" is left out: it runs in the modes advanced, nightly, and there is no mode',
    ])
    expect(problemsOf(text('mode: nightly', web))).toEqual([])
    expect(problemsOf(text('default_service: extra\n  mode: proxy'))).toEqual([
      '2:20 supervisor.default_service: "extra" is left out: it runs in the mode advanced, and the mode is proxy',
    ])
  })

  test('what is left out is checked all the same, but its env files need not be there', () => {
    expect(problemsOf(text('', '    off: { command: x, modes: [nightly], argz: [], depends_on: [cor] }'))).toEqual([
      '7:42 supervisor.services.off.argz: is no field of this block (args?)',
      '7:65 supervisor.services.off.depends_on[0]: there is no service "cor" (core?)',
    ])
    expect(problemsOf(text('', '    off: { command: x, modes: [nightly], env_file: none.env }'))).toEqual([])
  })
})
