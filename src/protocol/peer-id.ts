/** Names of peers: 64 hexadecimal digits of an Ed25519 public key, and the peer id that libp2p makes of the same key. */

const alphabet = '123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz'

/** Base58 as Bitcoin writes it: the bytes as one large number, and a 1 for each leading zero byte. */
export function base58(bytes: Uint8Array): string {
  const digits: number[] = []
  for (const byte of bytes) {
    let carry = byte
    for (let index = 0; index < digits.length || carry > 0; index++) {
      carry += (digits[index] ?? 0) * 256
      digits[index] = carry % 58
      carry = Math.floor(carry / 58)
    }
  }
  const first = bytes.findIndex((byte) => byte !== 0)
  const zeros = first < 0 ? bytes.length : first
  const text = digits.toReversed().map((digit) => alphabet[digit] ?? '')
  return alphabet.charAt(0).repeat(zeros) + text.join('')
}

/** Before the key: identity multihash of 36 bytes; in it key type Ed25519 (field 1), then 32 bytes of key (field 2). */
const before = [0x00, 0x24, 0x08, 0x01, 0x12, 0x20]

/** `12D3KooW…` of the 32 bytes of an Ed25519 public key: short keys are not hashed, so the id holds the key itself. */
export const peerIdOf = (key: Uint8Array): string => base58(Uint8Array.from([...before, ...key]))

/** As files of trusted keys have it. */
export const peerKeyOf = (key: Uint8Array): string => Array.from(key, (byte) => byte.toString(16).padStart(2, '0')).join('')
