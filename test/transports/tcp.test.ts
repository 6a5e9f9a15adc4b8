import { expect, test } from 'vitest'
import { hostAndPort, isLoopback, joinHost } from '../../src/protocol/endpoint.ts'
import { tcp } from '../../src/transports/tcp.ts'
import { complies } from './compliance.ts'

complies('tcp', () => ({ transport: tcp(), address: () => 'tcp:127.0.0.1:0', nowhere: 'tcp:127.0.0.1:1' }))

test('places are split and joined, with IPv6 in brackets', () => {
  expect(hostAndPort('tcp:127.0.0.1:8081')).toEqual({ host: '127.0.0.1', port: 8081 })
  expect(hostAndPort('tcp:[::1]:0')).toEqual({ host: '::1', port: 0 })
  expect(joinHost('::1', 80)).toBe('[::1]:80')
})

test('only this machine is loopback', () => {
  for (const host of ['127.0.0.1', '127.8.9.1', '::1', '::ffff:127.0.0.1', 'LocalHost']) expect(isLoopback(host), host).toBe(true)
  for (const host of ['0.0.0.0', '::', '10.0.0.1', '127.0.0.1.example.org', 'localhost.example.org', ''])
    expect(isLoopback(host), host).toBe(false)
})
