import { describe, expect, test } from 'vitest'
import { createAccess as create } from '../src/access.ts'
import { createLogins } from '../src/logins.ts'
import type { AccessRules } from '../src/protocol/control-rules.ts'

const open = { token: null, allowedCommands: null }
const createAccess = (rules: AccessRules) => create(rules, { logins: createLogins({ clock: () => 0 }), refused() {} })
const here = '127.0.0.1:40123'
const wrong = { rejected: { hold: 0, retryAfter: null } }

describe('whoever comes without a token', () => {
  test.each(['127.0.0.1:40123', '127.8.9.1:1', '[::1]:40123', '[::ffff:127.0.0.1]:40123'])('from %s is local', (peer) => {
    expect(createAccess(open).identify('tcp', peer)).toEqual({ name: 'local-operator', via: 'tcp', peer, role: 'admin' })
  })

  test.each(['10.0.0.1:40123', '[2001:db8::1]:40123', '[::ffff:10.0.0.1]:1', 'unknown:0', '127.0.0.1.example:1', ''])(
    'from %j is nobody',
    (peer) => {
      expect(createAccess(open).identify('http', peer)).toBeNull()
    },
  )

  test('is nobody once a token is needed, but for the unix socket', () => {
    const access = createAccess({ token: 'secret', allowedCommands: null })
    expect(access.identify('tcp', '127.0.0.1:40123')).toBeNull()
    expect(access.identify('unix', 'unix')).toMatchObject({ via: 'unix', role: 'admin' })
  })
})

test('a token is that of the config or none', () => {
  const access = createAccess({ token: 'secret', allowedCommands: ['restart'] })
  expect(access.authenticate('http', 'secret', here)).toMatchObject({
    principal: { name: 'token:supervisor', only: ['service.restart'], peer: here },
  })
  for (const other of ['', 'secre', 'secret ', 'Secret']) expect(access.authenticate('http', other, here)).toEqual(wrong)
  expect(createAccess(open).authenticate('http', '', here)).toEqual(wrong)
})
