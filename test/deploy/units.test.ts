import { readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { describe, expect, test } from 'vitest'
import { leafName } from '../../src/actors/own-cgroup.ts'
import { errorCodes } from '../../src/protocol/errors.ts'

/** The systemd units as they are written; docs/operations/systemd.md says under what they were run. */

const root = resolve(import.meta.dirname, '../..')

/** Every value of a key, in the order of the file. */
function unitOf(name: string): (key: string) => string[] {
  const lines = readFileSync(join(root, 'deploy/systemd', name), 'utf8').split('\n')
  return (key) => lines.filter((line) => line.startsWith(`${key}=`)).map((line) => line.slice(key.length + 1))
}

describe.each(['hyphae.service', 'hyphae-user.service'])('%s', (name) => {
  const unit = unitOf(name)
  const only = (key: string): string => {
    const [value = ''] = unit(key)
    return value
  }

  test('tells when it is ready and that it is alive, whoever of it speaks', () => {
    expect([only('Type'), only('NotifyAccess')]).toEqual(['notify', 'all'])
    expect(Number(only('WatchdogSec'))).toBeGreaterThanOrEqual(10)
    expect(only('WatchdogSignal')).toBe('SIGKILL')
  })

  test('services outlive it, in groups of their own', () => {
    expect([only('KillMode'), only('Delegate'), only('DelegateSubgroup')]).toEqual(['process', 'yes', leafName])
    expect([only('Restart'), only('OOMPolicy')]).toEqual(['always', 'continue'])
  })

  test('is started, reloaded and stopped with the same config', () => {
    const words = ['ExecStart', 'ExecReload', 'ExecStop'].map((key) => only(key).replace(/^-/, '').split(' '))
    expect(words.map(([, verb]) => verb)).toEqual(['up', 'reload', 'down'])
    expect(new Set(words.map(([program]) => program)).size).toBe(1)
    expect(new Set(words.map(([, , ...rest]) => rest.join(' '))).size).toBe(1)
    // After `leave` nobody is there to be asked.
    expect(only('ExecStop')).toMatch(/^-/)
  })

  test('what another try would not cure is not tried again', () => {
    const codes = only('RestartPreventExitStatus').split(' ').map(Number)
    expect(codes).toEqual([errorCodes.invalid_params.exit, errorCodes.busy.exit])
  })

  test('has nothing that adopted services would lose, or that keeps Node or cgroups from working', () => {
    for (const key of [
      'PrivateTmp',
      'ProtectHome',
      'ProtectSystem',
      'PrivateDevices',
      'ProtectControlGroups',
      'MemoryDenyWriteExecute',
      'PrivateNetwork',
      'RuntimeDirectory',
    ])
      expect(unit(key), key).toEqual([])
  })
})
