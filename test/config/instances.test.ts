import { describe, expect, test } from 'vitest'
import { limits } from '../../src/protocol/limits.ts'
import { configOf, problemsOf } from './parse.ts'

const services = (text: string): string => `supervisor:\n  services:\n${text.replaceAll(/^/gm, '    ')}`
const namesOf = (text: string): string[] => configOf(services(text)).services.map(({ name }) => name)
const specOf = (text: string, name: string) => configOf(services(text)).services.find((spec) => spec.name === name)

describe('instances', () => {
  test('are services of their own, in the place of the one', () => {
    expect(namesOf('a: { command: x }\nweb: { command: x, instances: 3 }\nz: { command: x }')).toEqual([
      'a',
      'web-1',
      'web-2',
      'web-3',
      'z',
    ])
    expect(specOf('web: { command: x, instances: 2 }', 'web-2')).toMatchObject({ family: 'web', env: { INSTANCE: '2' } })
    expect(specOf('web: { command: x }', 'web')).toMatchObject({ family: null, env: {} })
  })

  test('one of them is called so too: more of them disturb nothing', () => {
    expect(namesOf('web: { command: x, instances: 1 }')).toEqual(['web-1'])
  })

  test('have their number in every text', () => {
    const text = `
web:
  command: ./web-\${INSTANCE}
  args: [--port, "808\${INSTANCE}"]
  env: { PORT: "808\${INSTANCE}" }
  instances: 2
  readiness: { http: "http://127.0.0.1:808\${INSTANCE}/" }
  liveness: { tcp: "808\${INSTANCE}" }
  stop_grace: \${INSTANCE}
  depends_on: ["db-\${INSTANCE}"]
db: { command: x, instances: 2 }`
    expect(specOf(text, 'web-2')).toMatchObject({
      command: expect.stringMatching(/\/web-2$/) as string,
      args: ['--port', '8082'],
      env: { INSTANCE: '2', PORT: '8082' },
      readiness: { target: { url: 'http://127.0.0.1:8082/' } },
      liveness: { target: { port: 8082 } },
      stopGrace: 2000,
      dependsOn: [{ service: 'db-2', condition: 'started' }],
    })
  })

  test('a name of theirs means all of them', () => {
    const text = 'web: { command: x, instances: 2, readiness: { tcp: 1 } }\napi: { command: x, depends_on: [web] }'
    expect(specOf(text, 'api')?.dependsOn).toEqual([
      { service: 'web-1', condition: 'healthy' },
      { service: 'web-2', condition: 'healthy' },
    ])
    const map =
      'job: { command: x, one_shot: true, instances: 2 }\napi: { command: x, depends_on: { job: completed, job-2: started } }'
    expect(problemsOf(services(map))).toEqual(['4:54 supervisor.services.api.depends_on.job-2: "job-2" is named twice'])
  })

  test('anchors and merges are read anew for each', () => {
    const text = `
web: &web { command: x, instances: 2, args: &args ["\${INSTANCE}"] }
more: *web
one: { <<: *web, instances: 1, command: y }
plain: { command: z, instances: 3, args: *args }`
    expect(configOf(services(text)).services.map(({ name, command, args }) => `${name} ${command} ${args.join()}`)).toEqual([
      'web-1 x 1',
      'web-2 x 2',
      'more-1 x 1',
      'more-2 x 2',
      'one-1 y 1',
      'plain-1 z 1',
      'plain-2 z 2',
      'plain-3 z 3',
    ])
  })

  test('services that are merged in bring theirs, where the name is not taken', () => {
    const text = `
x-more: &more { web: { command: x, instances: 2 }, api: { command: x, instances: 1 } }
supervisor: { services: { <<: *more, web: { command: y } } }`
    expect(configOf(text).services.map(({ name }) => name)).toEqual(['web', 'api-1'])
  })

  test('a circle of anchors is told, as without them', () => {
    expect(problemsOf(services('web: &web { command: x, instances: 2, env: *web }'))).toEqual([
      '3:48 supervisor.services.web.env: "*web" stands inside of what it names',
    ])
  })

  test.each([
    [
      'web: { command: x, instances: 0 }',
      '3:35 supervisor.services.web.instances: expected a whole number from 1 to 1000; got 0',
    ],
    [
      'web: { command: "${INSTANCE}", instances: many }',
      '3:47 supervisor.services.web.instances: expected a whole number from 1 to 1000; got "many"',
    ],
    [
      'web: { command: x, instances: 2 }\nweb-2: { command: x }',
      '4:5 supervisor.services.web-2: is the name of an instance of "web", on line 3',
    ],
    [
      'web-2: { command: x }\nweb: { command: x, instances: 2 }',
      '4:5 supervisor.services.web: its instance "web-2" has the name of the service on line 3',
    ],
    [
      'web: { command: x, instances: 2 }\nweb: { command: x, instances: 2 }',
      '4:5 supervisor.services.web: is given twice, first on line 3',
    ],
    ['web: { command: x, instances: 2, argz: [] }', '3:38 supervisor.services.web.argz: is no field of this block (args?)'],
    [
      'api: { command: "${INSTANCE}" }',
      '3:22 supervisor.services.api.command: INSTANCE is the number of a service with `instances:`; this is none, and the environment has no such variable',
    ],
    [
      'web: { command: x, instances: 2, depends_on: [web] }',
      '3:51 supervisor.services.web.depends_on[0]: "web-1" depends on itself',
    ],
    [
      'web: { command: x, instances: 2 }\napi: { command: x, depends_on: [wbe] }',
      '4:37 supervisor.services.api.depends_on[0]: there is no service "wbe" (web?)',
    ],
  ])('%s', (text, problem) => {
    expect(problemsOf(services(text))[0]).toBe(problem)
  })

  test('a default service is one', () => {
    expect(problemsOf('supervisor: { default_service: web, services: { web: { command: x, instances: 5 } } }')).toEqual([
      '1:32 supervisor.default_service: "web" has instances, and one service is meant; name one of web-1, web-2, web-3, web-4, web-5',
    ])
    expect(
      configOf('supervisor: { default_service: web-2, services: { web: { command: x, instances: 2 } } }').defaultService,
    ).toBe('web-2')
  })

  test('the environment may have an INSTANCE, and tell how many there are', () => {
    expect(configOf(services('web: { command: "${INSTANCE}" }'), { INSTANCE: 'own' }).services[0]?.command).toBe('own')
    expect(
      configOf('supervisor:\n  services:\n    web:\n      command: x\n      instances: ${N}\n', { N: '4' }).services,
    ).toHaveLength(4)
  })

  test('more than the limit are refused, not read', () => {
    expect(problemsOf(services(`web: { command: x, instances: ${limits.instances + 1} }`))[0]).toMatch(/from 1 to 1000/)
    expect(namesOf(`web: { command: x, instances: ${limits.instances} }`)).toHaveLength(limits.instances)
  })
})
