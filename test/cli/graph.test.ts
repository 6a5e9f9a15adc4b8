import { afterAll, beforeAll, expect, test } from 'vitest'
import { mermaid } from '../../src/cli/render/graph.ts'
import { commands } from '../../src/commands/registry.ts'
import { fleetFolder, type FleetFolder } from '../support/cli.ts'

const config = `
supervisor:
  services:
    db.main-1: { command: sleep, args: ["1000"] }
    migrate: { command: "true", one_shot: true, depends_on: [db.main-1] }
    web: { command: sleep, args: ["1000"], depends_on: { migrate: completed, db.main-1: started } }
`
const edges = ['  n1 -->|"started"| n0', '  n2 -->|"completed"| n1', '  n2 -->|"started"| n0']

let fleet: FleetFolder
beforeAll(() => void (fleet = fleetFolder(config)))
afterAll(() => fleet.end())

test('without an orchestrator it is what the config says', async () => {
  const { code, out, err } = await fleet.run(['graph'])
  expect({ code, err }).toEqual({ code: 0, err: 'no orchestrator is running; this is what the config says\n' })
  expect(out.trimEnd().split('\n')).toEqual(['flowchart LR', '  n0["db.main-1"]', '  n1["migrate"]', '  n2["web"]', ...edges])
})

test('of a running fleet it has states, and each phase looks different', async () => {
  await fleet.up({ SUPERVISOR_PORT: '0' })
  const { out } = await fleet.run(['graph'])
  const lines = out.trimEnd().split('\n')
  expect(lines.slice(0, 7)).toEqual([
    'flowchart LR',
    '  n0["db.main-1<br/>healthy"]:::active',
    '  n1["migrate<br/>completed"]:::reaped',
    '  n2["web<br/>healthy"]:::active',
    ...edges,
  ])
  expect(lines.slice(7)).toEqual([expect.stringMatching(/^ {2}classDef active /), expect.stringMatching(/^ {2}classDef reaped /)])
  const { out: json } = await fleet.run(['graph', '--json'])
  expect(commands['service.graph'].output.parse(JSON.parse(json)).services[2]).toEqual({
    name: 'web',
    state: 'healthy',
    phase: 'active',
    depends_on: [
      { service: 'migrate', condition: 'completed' },
      { service: 'db.main-1', condition: 'started' },
    ],
  })
})

test('nothing in a name can end its label or become markup', () => {
  const node = { name: 'a"]\n<b>;`#x', state: 'b|c', phase: 'active', depends_on: [] }
  expect(mermaid([node])[1]).toBe('  n0["a#34;#93;#10;#60;b#62;#59;#96;#35;x<br/>b#124;c"]:::active')
})

test('where there is neither an orchestrator nor a config it says so', async () => {
  const { code, err } = await fleet.run(['graph'], { HYPHAE_STATE: '/nonexistent', MAGICTUNNEL_CONFIG: '/nonexistent.yaml' })
  expect(code).toBe(2)
  expect(err).toContain('there is no such file')
})
