import { limits } from '../../protocol/limits.ts'

/**
 * Reads a JSON text from its beginning to its end and complains in the words of Rust's serde_json, with its lines and
 * columns (in bytes of UTF-8): whoever spoke to the original shows these words to people.
 */

/** What is wrong with a text; `message` has the place. It never leaves the reader of a command. */
export class SerdeError extends Error {
  static override readonly name = 'SerdeError'
}

const quote = 0x22
const backslash = 0x5c
const short: Readonly<Record<string, string>> = { b: '\b', f: '\f', n: '\n', r: '\r', t: '\t', '"': '"', '\\': '\\', '/': '/' }

/** Where a text nests deeper than that; -1: nowhere. Brackets inside strings do not count. */
function tooDeepAt(text: string, limit: number): number {
  let depth = 0
  let inString = false
  for (let i = 0; i < text.length; i++) {
    const c = text.charCodeAt(i)
    if (inString) {
      if (c === backslash) i++
      else if (c === quote) inString = false
    } else if (c === quote) inString = true
    else if ((c === 0x7b || c === 0x5b) && ++depth > limit) return i
    else if (c === 0x7d || c === 0x5d) depth--
  }
  return -1
}

/** Bytes of UTF-8 from one index of a text to another. */
function bytesBetween(text: string, from: number, to: number): number {
  let bytes = 0
  for (let i = from; i < to; i++) {
    const c = text.charCodeAt(i)
    // Each half of a pair is half of four bytes.
    bytes += c < 0x80 ? 1 : c < 0x800 || (c >= 0xd800 && c <= 0xdfff) ? 2 : 3
  }
  return bytes
}

/** A number as it was written, sorted as serde sorts it. */
export interface Scanned {
  readonly kind: 'unsigned' | 'signed' | 'float'
  readonly value: number
  readonly text: string
}

export class SerdeText {
  private at = 0
  private readonly text: string

  constructor(text: string) {
    this.text = text
    const deep = tooDeepAt(text, limits.jsonDepth)
    if (deep < 0) return
    this.at = deep
    this.failNext('recursion limit exceeded')
  }

  /** The place after what was taken. */
  fail(what: string): never {
    return this.failAt(what, this.at)
  }
  /** The place of the character that comes next. */
  failNext(what: string): never {
    return this.failAt(what, Math.min(this.text.length, this.at + 1))
  }
  private failAt(what: string, index: number): never {
    const start = this.text.lastIndexOf('\n', index - 1) + 1
    let line = 1
    for (let i = this.text.indexOf('\n'); i >= 0 && i < start; i = this.text.indexOf('\n', i + 1)) line++
    throw new SerdeError(`${what} at line ${line} column ${bytesBetween(this.text, index === 0 ? 0 : start, index)}`)
  }

  /** The next character that is no blank, not taken; '' at the end. */
  peek(): string {
    for (;;) {
      const c = this.text[this.at] ?? ''
      if (c !== ' ' && c !== '\n' && c !== '\t' && c !== '\r') return c
      this.at++
    }
  }
  /** Takes the character that was peeked at. */
  take(): void {
    this.at++
  }
  private next(): string {
    const c = this.text[this.at] ?? ''
    if (c !== '') this.at++
    return c
  }

  /** Takes a word whose first letter was peeked at. */
  word(word: 'null' | 'true' | 'false'): void {
    this.take()
    for (const letter of word.slice(1)) {
      const c = this.next()
      if (c === '') this.fail('EOF while parsing a value')
      if (c !== letter) this.fail('expected ident')
    }
  }

  /** Takes a string whose quote was peeked at. */
  string(): string {
    this.take()
    let found = ''
    let start = this.at
    for (;;) {
      const c = this.text.charCodeAt(this.at)
      if (Number.isNaN(c)) this.fail('EOF while parsing a string')
      if (c === quote) {
        found += this.text.slice(start, this.at++)
        return found
      }
      if (c === backslash) {
        found += this.text.slice(start, this.at++)
        found += this.escape()
        start = this.at
      } else if (c < 0x20) {
        this.at++
        this.fail('control character (\\u0000-\\u001F) found while parsing a string')
      } else this.at++
    }
  }

  private escape(): string {
    const c = this.next()
    if (c === '') this.fail('EOF while parsing a string')
    if (c !== 'u') return short[c] ?? this.fail('invalid escape')
    const first = this.hex()
    if (first >= 0xdc00 && first <= 0xdfff) this.fail('lone leading surrogate in hex escape')
    if (first < 0xd800 || first > 0xdbff) return String.fromCharCode(first)
    for (const expected of ['\\', 'u']) {
      const found = this.next()
      if (found === '') this.fail('EOF while parsing a string')
      if (found !== expected) this.fail('unexpected end of hex escape')
    }
    const second = this.hex()
    if (second < 0xdc00 || second > 0xdfff) this.fail('lone leading surrogate in hex escape')
    return String.fromCharCode(first, second)
  }

  private hex(): number {
    const digits = this.text.slice(this.at, this.at + 4)
    this.at += digits.length
    if (digits.length < 4) this.fail('EOF while parsing a string')
    if (!/^[0-9a-f]{4}$/i.test(digits)) this.fail('invalid escape')
    return Number.parseInt(digits, 16)
  }

  /** Takes a number whose first character was peeked at. */
  number(): Scanned {
    const start = this.at
    const negative = this.text[start] === '-'
    if (negative) this.take()
    const first = this.next()
    if (first === '') this.fail('EOF while parsing a value')
    if (first < '0' || first > '9') this.fail('invalid number')
    if (first === '0' && this.digit()) this.failNext('invalid number')
    this.digits()
    let float = false
    if (this.text[this.at] === '.') {
      float = true
      this.take()
      if (!this.digit()) this.failNext(this.at < this.text.length ? 'invalid number' : 'EOF while parsing a value')
      this.digits()
    }
    if (this.text[this.at] === 'e' || this.text[this.at] === 'E') {
      float = true
      this.take()
      if (this.text[this.at] === '+' || this.text[this.at] === '-') this.take()
      const c = this.next()
      if (c === '') this.fail('EOF while parsing a value')
      if (c < '0' || c > '9') this.fail('invalid number')
      this.digits()
    }
    const text = this.text.slice(start, this.at)
    const value = Number(text)
    if (!Number.isFinite(value)) this.fail('number out of range')
    const most = negative ? 2n ** 63n : 2n ** 64n - 1n
    const whole = !float && text !== '-0' && BigInt(negative ? text.slice(1) : text) <= most
    return { kind: whole ? (negative ? 'signed' : 'unsigned') : 'float', value, text }
  }
  private digit(): boolean {
    const c = this.text[this.at] ?? ''
    return c >= '0' && c <= '9'
  }
  private digits(): void {
    while (this.digit()) this.at++
  }

  /** Takes a value that nobody wants. */
  ignore(): void {
    switch (this.peek()) {
      case '':
        return this.failNext('EOF while parsing a value')
      case 'n':
        return this.word('null')
      case 't':
        return this.word('true')
      case 'f':
        return this.word('false')
      case '"':
        this.string()
        return
      case '[':
        return this.ignoreWithin(']', 'EOF while parsing a list', 'expected `,` or `]`')
      case '{':
        return this.ignoreWithin('}', 'EOF while parsing an object', 'expected `,` or `}`')
      default:
        if (this.peek() !== '-' && !this.digit()) this.failNext('expected value')
        this.number()
    }
  }
  /** Its depth was bounded before. */
  private ignoreWithin(end: ']' | '}', eof: string, expected: string): void {
    this.take()
    if (this.closes(end, eof)) return
    for (;;) {
      if (end === '}') {
        this.key()
        this.colon()
      }
      this.ignore()
      if (this.closes(end, eof)) return
      if (this.peek() !== ',') this.failNext(expected)
      this.take()
    }
  }
  private closes(end: string, eof: string): boolean {
    const c = this.peek()
    if (c === '') this.failNext(eof)
    if (c !== end) return false
    this.take()
    return true
  }
  private key(): void {
    const c = this.peek()
    if (c === '') this.failNext('EOF while parsing an object')
    if (c !== '"') this.failNext('key must be a string')
    this.string()
  }

  /** The colon after a key. */
  colon(): void {
    const c = this.peek()
    if (c === '') this.failNext('EOF while parsing an object')
    if (c !== ':') this.failNext('expected `:`')
    this.take()
  }

  /** Nothing may follow. */
  end(): void {
    if (this.peek() !== '') this.failNext('trailing characters')
  }
}
