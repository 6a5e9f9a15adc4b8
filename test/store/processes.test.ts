import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import process from 'node:process'
import { afterEach, describe, expect, test } from 'vitest'
import { openJournal } from '../../src/store/journal.ts'
import { eventually } from '../support/eventually.ts'
import { chance, folder, retention } from './written.ts'

const writer = join(import.meta.dirname, '../fixtures/journal-writer.ts')
const folders: string[] = []
const children: ChildProcess[] = []
const place = (): string => {
  const dir = folder()
  folders.push(dir)
  return dir
}
afterEach(() => {
  for (const child of children.splice(0)) child.kill('SIGKILL')
  for (const dir of folders.splice(0)) rmSync(dir, { recursive: true, force: true })
})

function watch(command: string, args: readonly string[]) {
  const child = spawn(command, args, { stdio: ['pipe', 'pipe', 'pipe'] })
  children.push(child)
  const lines: string[] = []
  let rest = ''
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    const cut = (rest + text).split('\n')
    rest = cut.pop() ?? ''
    lines.push(...cut)
  })
  let err = ''
  child.stderr.setEncoding('utf8').on('data', (text: string) => (err += text))
  const ended = new Promise<void>((resolve) => child.once('close', () => resolve()))
  return { child, lines, ended, errors: () => err }
}
const synced = (lines: readonly string[]): number =>
  Number(lines.findLast((line) => line.startsWith('synced'))?.split(' ')[1] ?? 0)

test('kill -9, again and again: what was acknowledged is there, whole', async () => {
  const random = chance(9)
  for (let round = 0; round < 7; round++) {
    const dir = place()
    const { child, lines, ended } = watch(process.execPath, [writer, dir, ...(round % 2 === 0 ? [] : ['long'])])
    const enough = 1 + random(round === 6 ? 500 : 150)
    await eventually(() => expect(synced(lines)).toBeGreaterThan(enough))
    child.kill('SIGKILL')
    await ended
    const last = synced(lines)
    const { journal, records, lastSeq, damage } = await openJournal({ dir, retention: { ...retention, maxAge: 1e12 } })
    expect(damage).toBeNull()
    expect(lastSeq).toBeGreaterThanOrEqual(last)
    expect((await journal.read({ limit: 1e6 })).map(({ seq }) => seq)).toEqual(Array.from({ length: lastSeq }, (_, i) => i + 1))
    for (let n = Math.max(1, last - 19); n <= last; n++) {
      const { value } = records.find(({ key }) => key === `k${n % 20}`) ?? {}
      // A later one may have got there without having been acknowledged.
      const found = (value as { n: number }).n
      expect([n, n + 20].includes(found), `${n}: ${found}`).toBe(true)
    }
    await journal.close()
  }
})

test('without a sync, what was committed outlives kill -9', async () => {
  const dir = place()
  const code = `const { openJournal } = await import(${JSON.stringify(join(import.meta.dirname, '../../src/store/journal.ts'))})
    const { journal } = await openJournal({ dir: ${JSON.stringify(dir)}, retention: { maxAge: 1e9, maxBytes: 1e9 } })
    journal.put({ kind: 'service', key: 'a', value: 1 })
    await journal.kept()
    console.log('committed')
    setInterval(() => {}, 1000)`
  const { child, lines, ended, errors } = watch(process.execPath, ['--input-type=module', '-e', code])
  await eventually(() => expect(lines, errors()).toEqual(['committed']))
  child.kill('SIGKILL')
  await ended
  const { journal, records } = await openJournal({ dir, retention })
  expect(records).toEqual([{ kind: 'service', key: 'a', value: 1 }])
  await journal.close()
})

const has = (command: string, ...args: readonly string[]): boolean => {
  try {
    execFileSync(command, args, { stdio: 'ignore' })
    return true
  } catch {
    return false
  }
}

describe.runIf(has('strace', '-V') && has('strace', '-f', 'true'))('fsync (needs strace)', () => {
  test('comes before each acknowledgement, after the write', async () => {
    const dir = place()
    const trace = join(dir, 'trace')
    const calls = 'trace=fsync,fdatasync,pwrite64,write'
    const { child, lines } = watch('strace', ['-f', '-y', '-e', calls, '-o', trace, process.execPath, writer, dir, 'slow'])
    await eventually(() => expect(synced(lines)).toBeGreaterThan(5))
    child.kill('SIGKILL')
    const told = readFileSync(trace, 'utf8').split('\n')
    const acknowledged = told.flatMap((line, at) => (/write\(1<.*"synced \d/.test(line) ? [at] : []))
    expect(acknowledged.length).toBeGreaterThan(5)
    let from = told.findIndex((line) => line.includes('"open\\n"'))
    for (const to of acknowledged) {
      const between = told.slice(from, to)
      const wrote = between.findLastIndex((line) => /pwrite64\(\d+<[^>]*journal\.db-wal>/.test(line))
      const fsynced = between.findLastIndex((line) => /f(data)?sync\(\d+<[^>]*journal\.db-wal>/.test(line))
      expect(wrote).toBeGreaterThanOrEqual(0)
      expect(fsynced).toBeGreaterThan(wrote)
      from = to
    }
  })
})

const inNamespace = ['-rm', '--propagation', 'private', 'sh', '-c']
describe.runIf(has('unshare', ...inNamespace, 'mount -t tmpfs none /mnt'))('a full disk (needs a mount of its own)', () => {
  test('is refused, named, and over as soon as there is room again; nothing acknowledged is lost', async () => {
    const dir = place()
    const disk = join(dir, 'disk')
    mkdirSync(disk)
    // The writer runs on a small disk; lines on stdin are what fills and frees it, and its copy shows what is on it in the end.
    const script = `mount -t tmpfs -o size=3m none ${disk} && { ${process.execPath} ${writer} ${disk}/state long & pid=$!
      read line; head -c 4000000 /dev/zero > ${disk}/filler; echo full
      read line; rm ${disk}/filler; echo free
      read line; kill -9 $pid; mkdir ${dir}/copy; cp ${disk}/state/* ${dir}/copy/; echo copied; }`
    const { child, lines, ended, errors } = watch('unshare', [...inNamespace, script])
    await eventually(() => expect(synced(lines), errors()).toBeGreaterThan(20))
    child.stdin?.write('fill\n')
    await eventually(() => expect(lines).toContain('refused storage'))
    expect(lines.find((line) => line.startsWith('fault'))).toMatch(
      /fault the journal .*journal\.db cannot be written: database or disk is full/,
    )
    const before = synced(lines)
    child.stdin?.write('free\n')
    await eventually(() => expect(lines).toContain('fault null'))
    await eventually(() => expect(synced(lines)).toBeGreaterThan(before + 20))
    child.stdin?.write('copy\n')
    await ended
    const { journal, records, damage } = await openJournal({ dir: join(dir, 'copy'), retention: { ...retention, maxAge: 1e12 } })
    expect(damage).toBeNull()
    expect(records).toHaveLength(20)
    const facts = await journal.read({ limit: 1e6 })
    const acknowledged = lines.filter((line) => line.startsWith('synced')).map((line) => Number(line.split(' ')[1]))
    const there = new Set(facts.map(({ seq }) => seq))
    expect(acknowledged.filter((seq) => !there.has(seq))).toEqual([])
    await journal.close()
  })

  test.each([
    ['whole', 'true'],
    ['damaged', 'printf x | dd of=journal.db conv=notrunc bs=1 count=1 2>&-'],
  ])('at the start, with a journal that is %s: what was there is read, and the lock is taken', async (_, harm) => {
    const dir = place()
    const { journal } = await openJournal({ dir: join(dir, 'old'), retention })
    journal.put({ kind: 'service', key: 'old', value: 1 })
    await journal.close()
    const disk = join(dir, 'disk')
    mkdirSync(disk)
    const at = JSON.stringify(join(import.meta.dirname, '../../src/store'))
    writeFileSync(
      join(dir, 'start.ts'),
      `const { openJournal } = await import(${at} + '/journal.ts')
      const { lockState } = await import(${at} + '/lock.ts')
      const lock = lockState('${disk}')
      const { journal, records } = await openJournal({ dir: '${disk}', retention: { maxAge: 1e9, maxBytes: 1e9 } })
      journal.put({ kind: 'service', key: 'new', value: 'x'.repeat(9000) })
      const refused = await journal.sync().catch((error) => error.code)
      console.log(JSON.stringify({ locked: 'release' in lock, records, refused, fault: journal.fault }))
      process.exit()`,
    )
    const script = `mount -t tmpfs -o size=200k none ${disk} && cp ${dir}/old/* ${disk} && cd ${disk} && touch lock.db && ${harm}
      head -c 300000 /dev/zero > ${disk}/filler; exec ${process.execPath} ${dir}/start.ts`
    const { lines, ended, errors } = watch('unshare', [...inNamespace, script])
    await ended
    expect(lines, errors()).toHaveLength(1)
    const records = [{ kind: 'service', key: 'old', value: 1 }]
    expect(JSON.parse(lines[0] ?? '')).toEqual({
      locked: true,
      records,
      refused: 'storage',
      fault: expect.stringContaining('full') as string,
    })
    expect(existsSync(disk)).toBe(true)
  })
})
