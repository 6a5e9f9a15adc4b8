import { describe, expect, test } from 'vitest'
import { coloured, plain } from '../../../src/cli/render/paint.ts'
import { frameOf, wholeTable } from '../../../src/cli/top/frame.ts'
import type { Heard } from '../../../src/cli/top/hear.ts'
import type { Model, Size } from '../../../src/cli/top/model.ts'
import { limits } from '../../../src/protocol/limits.ts'
import { after, fleetOf, groupOf, size, told } from './screen-models.ts'

const look = { paint: plain, unicode: true, now: Date.parse('2026-01-01T12:03:10') }
const textOf = (model: Model, at: Size = size): string => frameOf(model, at, look).join('\n')

const fleet = told(
  fleetOf(
    {
      db: {},
      web: { depends_on: ['db'], cpu_percent: 80, restart_count: 2 },
      worker: { depends_on: ['web'], status: 'backing_off', state: 'backingOff', pid: null, memory_mb: 900 },
      cron: { status: 'stopped', phase: 'reaped', desired: 'stop', pid: null, depends_on: ['db'] },
    },
    { backend: groupOf(['db', 'web']) },
  ),
)
const names = (model: Model): string[] =>
  frameOf(model, size, look)
    .slice(3, -2)
    .flatMap((line) => /^[> ]+(\S+)/.exec(line)?.[1] ?? [])

const viewer: Heard = {
  type: 'rights',
  rights: { role: 'viewer', commands: new Set(['system.status', 'logs.follow', 'service.explain']) },
}
const lines = (from: number, to: number): Heard => ({
  type: 'lines',
  of: 'db',
  lines: Array.from({ length: to - from }, (_, at) => `line ${from + at}.`),
})

describe('the table', () => {
  test('groups stand above their members, the rest below', () => {
    const { model } = after([fleet])
    expect(names(model)).toEqual(['backend', 'db', 'web', 'worker', 'cron'])
    expect(textOf(model)).toMatch(/3 of 4 fine, 1 backing_off/)
    expect(textOf(model)).toMatch(/web +running +healthy .*80\.0%/)
  })

  test.each([
    ['name', 's', ['backend', 'db', 'web', 'cron', 'worker']],
    ['status', 's s', ['backend', 'db', 'web', 'worker', 'cron']],
    ['cpu', 's s s', ['backend', 'web', 'db', 'worker', 'cron']],
    ['memory', 's s s s', ['backend', 'db', 'web', 'worker', 'cron']],
    ['restarts', 's s s s s', ['backend', 'web', 'db', 'worker', 'cron']],
    ['uptime', 'S', ['backend', 'db', 'web', 'worker', 'cron']],
    ['config', 's S', ['backend', 'db', 'web', 'worker', 'cron']],
  ])('sorted by %s', (sort, keys, expected) => {
    const { model } = after([fleet, keys])
    expect(names(model)).toEqual(expected)
    expect(textOf(model)).toContain(`sorted by ${sort}`)
  })

  test('the selection stays with its service, whatever moves around it', () => {
    const { model } = after([fleet, 'down j s s s'])
    expect(model.selected).toBe('service.web')
    expect(textOf(model)).toMatch(/^> +web/m)
    expect(textOf(after(['end'], model).model)).toMatch(/^> cron/m)
    expect(textOf(after(['end home'], model).model)).toMatch(/^> backend/m)
  })

  test('of many the selected one is in sight', () => {
    const many = told(fleetOf(Object.fromEntries(Array.from({ length: 100 }, (_, at) => [`s${at}`, {}]))))
    const { model } = after([many, 'pagedown pagedown down'])
    expect(textOf(model)).toMatch(/^> s29 /m)
    expect(textOf(after(['end'], model).model)).toMatch(/^> s99 /m)
    expect(frameOf(after(['end'], model).model, size, look)).toHaveLength(size.rows)
  })

  test('a filter is typed; Esc brings back what was before', () => {
    const { model } = after([fleet, '/ w o r'])
    expect(names(model)).toEqual(['worker'])
    expect(textOf(model)).toContain('filter: wor_')
    expect(names(after(['escape'], model).model)).toHaveLength(5)
    expect(textOf(after(['enter'], model).model)).toContain('filter "wor"')
    expect(names(after(['enter escape'], model).model)).toHaveLength(5)
    expect(names(after(['backspace backspace backspace paste: x', '/', 'paste: b\u0007ack\u001B[2J'], model).model)).toEqual([])
  })

  test('pasted text is no command', () => {
    expect(after([fleet, 'paste: xRq']).effects).toEqual([])
  })
})

describe('asking for something', () => {
  test('a restart of what nobody needs is asked for at once', () => {
    expect(after([fleet, 'end', 'r']).effects).toEqual([{ type: 'call', action: 'restart', services: ['cron'] }])
  })

  test('what others need is stopped after a question; who is stopped does not count', () => {
    const asked = after([fleet, 'down x'])
    expect(asked.effects).toEqual([])
    expect(textOf(asked.model)).toContain('stop db? web, worker depend on it (y/n)')
    expect(after(['k y'], asked.model).effects).toEqual([{ type: 'call', action: 'stop', services: ['db'] }])
    const not = after(['n y'], asked.model)
    expect(not.effects).toEqual([])
    expect(textOf(not.model)).toContain('not done')
  })

  test('a start needs no question; a group is meant as a whole', () => {
    expect(after([fleet, 'down t']).effects).toEqual([{ type: 'call', action: 'start', services: ['db'] }])
    expect(textOf(after([fleet, 'x']).model)).toContain('stop backend? worker depends on it (y/n)')
  })

  test('all that match are restarted only after a question', () => {
    const asked = after([fleet, '/ w enter R'])
    expect(asked.effects).toEqual([])
    expect(textOf(asked.model)).toContain('restart all that match "w", 2 services? (y/n)')
    expect(after(['y'], asked.model).effects).toEqual([{ type: 'call', action: 'restart', services: ['web', 'worker'] }])
  })

  test('progress, then the answer, or the refusal', () => {
    const services = ['web']
    const asked = after([fleet, { type: 'asked', action: 'restart', services }])
    expect(textOf(asked.model)).toContain('restarting web: healthy')
    const refused: Heard = { type: 'answered', services, text: 'restart web: locked down', style: 'red' }
    expect(textOf(after([refused], asked.model).model)).toContain('restart web: locked down')
  })

  test('only what the role permits is offered, and nothing else is asked for', () => {
    const { model } = after([fleet, viewer])
    expect(textOf(model)).not.toMatch(/x stop|r restart|R restart/)
    expect(textOf(model)).toContain('l logs')
    const tried = after(['x r t R'], model)
    expect(tried.effects).toEqual([])
    expect(textOf(tried.model)).toContain('not permitted: the role viewer may not use service.restart')
  })
})

describe('the panes', () => {
  const open = [fleet, 'down l'] as const

  test('logs follow, and stay where one scrolls to while more comes', () => {
    const opened = after(open)
    expect(opened.effects).toEqual([{ type: 'logs', of: 'db' }])
    const { model } = after([lines(0, 100)], opened.model)
    expect(textOf(model)).toContain('line 99.')
    const up = after(['up up up', lines(100, 200)], model).model
    expect(textOf(up)).toContain('line 96.')
    expect(textOf(up)).not.toContain('line 97.')
    expect(textOf(up)).toContain('paused, 103 below')
    expect(textOf(after(['end'], up).model)).toContain('line 199.')
    expect(textOf(after(['home'], up).model)).toContain('line 0.')
    expect(textOf(after(['f', lines(100, 101)], model).model)).not.toContain('line 100.')
    expect(after(['escape'], model).effects).toEqual([{ type: 'logs', of: null }])
  })

  test('only so many lines are kept', () => {
    const { model } = after([...open, lines(0, limits.topLogLines), 'home', lines(limits.topLogLines, limits.topLogLines + 50)])
    expect(model.view).toMatchObject({ first: 50 })
    expect(textOf(model)).toContain('line 50.')
    expect(textOf(model)).not.toContain('line 49.')
  })

  test('a text is found upwards, then further up and down', () => {
    const { model } = after([...open, lines(0, 100), '/ 9 9 backspace backspace', 'paste: LINE 7', 'enter'])
    expect(textOf(model)).toMatch(/line 79\.\n/)
    expect(textOf(model)).not.toContain('line 80.')
    expect(textOf(after(['n'], model).model)).not.toContain('line 79.')
    expect(textOf(after(['n N'], model).model)).toContain('line 79.')
    expect(textOf(after(['/', 'paste: nowhere', 'enter'], model).model)).toContain('no older line has "nowhere"')
  })

  test('actors are a tree, and help can be scrolled to its end and not further', () => {
    const actor = (address: string, parent: string | null, live = true) => ({
      address,
      parent,
      live,
      kind: 'service',
      phase: 'active' as const,
      state: 'healthy',
      since: '2026-01-01T12:00:00Z',
      reason: null,
      accepts: [],
    })
    const actors: Heard = {
      type: 'actors',
      fresh: true,
      actors: [actor('service.db', 'supervisor.root'), actor('supervisor.root', null)],
    }
    const { model } = after([fleet, actors, 'm'])
    expect(textOf(model)).toMatch(/actors \(2\)\n.*\nsupervisor\.root.*\n {2}service\.db/)
    const gone: Heard = { type: 'actors', fresh: false, actors: [actor('service.db', null, false)] }
    expect(textOf(after([gone], model).model)).not.toContain('service.db')
    const help = after(['? end end'], model, { columns: 60, rows: 8 }).model
    expect(after(['up'], help, { columns: 60, rows: 8 }).model.view).not.toEqual(help.view)
  })

  test('a group has no explanation of its own', () => {
    expect(textOf(after([fleet, 'e']).model)).toContain('backend is a group')
    expect(after([fleet, 'down e']).effects).toEqual([{ type: 'explain', of: 'db' }])
  })
})

describe('the link', () => {
  const lost: Heard = { type: 'lost', since: 0, because: 'it was killed' }

  test('what is remembered is dim, and says of when it is', () => {
    const { model } = after([fleet, lost])
    expect(textOf(model)).toContain('connection lost, shown as it was at 12:03:04; trying again (it was killed)')
    const marked = frameOf(model, size, { ...look, paint: coloured })
    // The whole row, and in no other colour.
    // oxlint-disable-next-line no-control-regex
    expect(marked.find((line) => line.includes('worker'))).toMatch(/^\u001B\[2m[^\u001B]*(\u001B\[22m)?(\u001B\[0m)?$/)
    expect(textOf(after([{ type: 'linked' }], model).model)).toContain('connected again')
  })
})

describe('the picture', () => {
  test('columns go by importance; the least terminal still shows name, status and figures', () => {
    const { model } = after([fleet])
    const small = textOf(model, { columns: 40, rows: 8 })
    expect(small).toMatch(/SERVICE +STATUS +CPU +MEM/)
    expect(small).not.toContain('PID')
    expect(textOf(model, { columns: 160, rows: 20 })).toMatch(/STATUS +STATE +PID +UPTIME +RESTARTS +CPU .*MEM .*REASON/)
    expect(textOf(model, { columns: 39, rows: 8 })).toContain('too small: 40 columns')
  })

  test('a terminal without UTF-8 gets no byte above 127', () => {
    const { model } = after([told(fleetOf({ db: { reason: 'größer: 日本' } }))])
    const wide = { columns: 140, rows: 10 }
    expect(textOf(model, wide)).toContain('▁')
    const shown = frameOf(model, wide, { ...look, unicode: false }).join('\n')
    expect(shown).toContain('gr??er: ????')
    // oxlint-disable-next-line no-control-regex
    expect(shown).toMatch(/^[\u0000-\u007F]*$/)
  })

  test('a lockdown and faults are told', () => {
    const lockdown = { since: '2026-01-01T12:00:00Z', by: 'local:root', reason: 'a break-in' }
    const { model } = after([told(fleetOf({ db: {} }, {}, { lockdown, mode: 'advanced', mode_source: 'switched' }))])
    expect(textOf(model)).toMatch(/locked down +mode: advanced \(switched to\)/)
    expect(textOf(model)).toContain('by local:root: a break-in')
    expect(textOf(model, { columns: 60, rows: 8 })).toContain('locked down')
  })

  test('all of it, as plain text', () => {
    const { model } = after([fleet])
    expect(wholeTable(model, 80, look)).toHaveLength(8)
  })
})
