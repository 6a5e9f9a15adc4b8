import { createPrivateKey, createPublicKey } from 'node:crypto'
import { expect, test } from 'vitest'
import { base58, peerIdOf, peerKeyOf } from '../../src/protocol/peer-id.ts'

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text)

// The vectors of the Internet draft of Base58.
test.each([
  [bytes('Hello World!'), '2NEpo7TZRRrLZSi2U'],
  [bytes('The quick brown fox jumps over the lazy dog.'), 'USm3fpXnKG5EUBx2ndxBDMPVciP5hGey2Jh4NDv6gmeo1LkMeiKrLJUUBk6Z'],
  [Uint8Array.of(0, 0, 0x28, 0x7f, 0xb4, 0xcd), '11233QC4'],
  [new Uint8Array(), ''],
  [Uint8Array.of(0), '1'],
])('base58 of %o', (given, text) => expect(base58(given)).toBe(text))

test('a peer id is the one that other implementations make of the key', () => {
  // A public key as libp2p encodes it: two bytes of type, two before the key.
  const encoded = Buffer.from('CAESIA2UgZjCUFpg3P2C4EC+kFNq9KwzTVTpTHu51Y7fQAFg', 'base64')
  expect(encoded.length).toBe(36)
  expect(peerIdOf(encoded.subarray(4))).toBe('12D3KooWAjNorDWXZJx8Jhzrq9onKbrmYf9XSmteb4yKnbXfSD8K')
})

test('a peer key is the public key in hexadecimal digits: the pair of libp2p’s specification', () => {
  const seed = Buffer.from('7e0830617c4a7de83925dfb2694556b12936c477a0e1feb2e148ec9da60fee7d', 'hex')
  const wrapped = Buffer.concat([Buffer.from('302e020100300506032b657004220420', 'hex'), seed])
  const { x = '' } = createPublicKey(createPrivateKey({ key: wrapped, format: 'der', type: 'pkcs8' })).export({ format: 'jwk' })
  expect(peerKeyOf(Buffer.from(x, 'base64url'))).toBe('1ed1e8fae2c4a144b8be8fd4b47bf3d3b34b871c3cacf6010f0e42d474fce27e')
})
