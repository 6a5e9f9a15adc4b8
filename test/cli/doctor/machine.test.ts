import { mkdirSync, mkdtempSync, rmSync, utimesSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { createContainers } from '../../../src/actors/containment.ts'
import { checkContainment, checkIdentity, checkOverlap, checkRotation } from '../../../src/cli/doctor/machine.ts'
import {
  checkClock,
  checkDescriptors,
  checkInit,
  checkInstallation,
  checkPage,
  checkNode,
  checkNotify,
} from '../../../src/cli/doctor/runtime.ts'
import { specOf } from '../../support/programs.ts'

let dir = ''
beforeEach(() => void (dir = mkdtempSync(join(tmpdir(), 'hyphae-doctor-'))))
afterEach(() => rmSync(dir, { recursive: true, force: true }))

const restart = specOf({}).restart

describe('what Hyphae runs on', () => {
  test.each([
    ['20.19.4', 'error'],
    ['22.17.9', 'error'],
    ['22.18.0', 'ok'],
    ['24.1.0', 'ok'],
  ])('Node %s: %s', (version, level) => {
    expect(checkNode(version, '/usr/bin/node')).toMatchObject({ level, found: expect.stringContaining(version) as string })
  })

  test('an installation is compared with its lock file, without what only its makers need', () => {
    const wrong = (): string => checkInstallation(dir).found
    expect(wrong()).toContain('is not built')
    mkdirSync(join(dir, 'dist', 'cli'), { recursive: true })
    writeFileSync(join(dir, 'dist', 'cli', 'main.js'), '')
    expect(checkInstallation(dir).level).toBe('ok')
    const lock = (packages: object) => JSON.stringify({ packages })
    const packages = { '': {}, 'node_modules/zod': { integrity: 'a' }, 'node_modules/vitest': { integrity: 'b', dev: true } }
    writeFileSync(join(dir, 'package-lock.json'), lock(packages))
    expect(checkInstallation(dir)).toMatchObject({ level: 'error', remedy: expect.stringContaining('npm ci') as string })
    expect(wrong()).toContain('node_modules/zod is missing')
    mkdirSync(join(dir, 'node_modules'))
    writeFileSync(join(dir, 'node_modules', '.package-lock.json'), lock({ 'node_modules/zod': { integrity: 'other' } }))
    expect(wrong()).toContain('node_modules/zod is of another version')
    writeFileSync(join(dir, 'node_modules', '.package-lock.json'), lock({ 'node_modules/zod': { integrity: 'a' } }))
    expect(checkInstallation(dir).level).toBe('ok')
  })

  test('whether the page of the inspector is built', () => {
    expect(checkPage()).toMatchObject({ check: 'inspector', level: 'ok' })
    const remedy = expect.stringContaining('npm run build') as string
    expect(checkPage('/nowhere')).toMatchObject({ check: 'inspector', level: 'warning', remedy })
  })

  test('too few open files are a warning that says how many are needed', () => {
    const text = (most: string): string => `Limit  Soft  Hard\nMax open files            ${most}   ${most}   files\n`
    expect(checkDescriptors(text('256'), 10)).toMatchObject({
      level: 'warning',
      remedy: 'ulimit -n 532, or LimitNOFILE=532 in the systemd unit',
    })
    expect(checkDescriptors(text('1024'), 10).level).toBe('ok')
    expect(checkDescriptors(text('unlimited'), 10_000).level).toBe('ok')
    expect(checkDescriptors('', 1).level).toBe('ok')
  })

  test('a clock that stands before what was written is told', () => {
    expect(checkClock(Date.now(), dir).level).toBe('ok')
    expect(checkClock(0, dir)).toMatchObject({
      level: 'warning',
      found: expect.stringContaining('before this version') as string,
    })
    writeFileSync(join(dir, 'journal.db'), '')
    const tomorrow = Date.now() / 1000 + 86_400
    utimesSync(join(dir, 'journal.db'), tomorrow, tomorrow)
    expect(checkClock(Date.now(), dir)).toMatchObject({
      level: 'warning',
      found: expect.stringContaining('the state folder was written to at') as string,
    })
  })

  test.each([
    ['/sbin/init\0', 'ok'],
    ['/usr/bin/tini\0--\0node\0/opt/hyphae/bin/hyphae.js\0up\0', 'ok'],
    ['/usr/local/bin/node\0server.js\0', 'warning'],
    ['node\0', 'warning'],
    ['', 'ok'],
  ])('process 1 %j: %s', (command, level) => {
    expect(checkInit(command).level).toBe(level)
  })

  test('systemd-notify is needed where systemd is there, and only there', () => {
    expect(checkNotify({ PATH: dir }, false)).toBeNull()
    expect(checkNotify({ PATH: dir }, true)).toMatchObject({ level: 'warning' })
    expect(checkNotify({ PATH: dir, NOTIFY_SOCKET: '/run/x' }, false)).toMatchObject({ level: 'warning' })
    writeFileSync(join(dir, 'systemd-notify'), '#!/bin/sh\n', { mode: 0o755 })
    expect(checkNotify({ PATH: dir }, true)).toMatchObject({ level: 'ok' })
  })
})

describe('what the machine can do for services', () => {
  test('without cgroups there is a warning, and an error where a service insists', () => {
    const none = createContainers({ stateId: 'doctor-test', hierarchies: [] })
    expect(checkContainment([specOf({})], none).level).toBe('warning')
    expect(checkContainment([specOf({ name: 'db', containment: 'cgroup' })], none)).toMatchObject({
      level: 'error',
      found: expect.stringContaining('db must have a cgroup') as string,
    })
  })

  test('a service of another user needs setpriv, and root', () => {
    const user = { name: 'nobody', uid: 65_534, gid: 65_534, home: null }
    const services = [specOf({ name: 'web', user })]
    expect(checkIdentity([specOf({})], 1000, { PATH: dir }).level).toBe('ok')
    expect(checkIdentity(services, 0, { PATH: dir })).toMatchObject({
      level: 'error',
      remedy: expect.stringContaining('setpriv') as string,
    })
    writeFileSync(join(dir, 'setpriv'), '#!/bin/sh\nexit 0\n', { mode: 0o755 })
    expect(checkIdentity(services, 0, { PATH: dir }).level).toBe('ok')
    expect(checkIdentity(services, 1000, { PATH: dir })).toMatchObject({
      level: 'error',
      found: expect.stringContaining('not root') as string,
    })
  })

  test('rotation needs fallocate', () => {
    expect(checkRotation({ PATH: dir })).toMatchObject({
      level: 'warning',
      found: expect.stringContaining('fallocate') as string,
    })
    writeFileSync(join(dir, 'fallocate'), '#!/bin/sh\n', { mode: 0o755 })
    expect(checkRotation({ PATH: dir }).level).toBe('ok')
  })

  test('overlapping restarts lose what waits, unless the kernel hands it on', () => {
    const services = [specOf({ name: 'web', restart: { ...restart, overlap: true } })]
    expect(checkOverlap([specOf({})], '0')).toBeNull()
    expect(checkOverlap(services, '0')).toMatchObject({ level: 'warning' })
    expect(checkOverlap(services, null)).toMatchObject({ level: 'warning' })
    expect(checkOverlap(services, '1')).toMatchObject({ level: 'ok' })
  })
})
