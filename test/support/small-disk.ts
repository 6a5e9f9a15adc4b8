import { type ChildProcessWithoutNullStreams, spawn, spawnSync } from 'node:child_process'
import { closeSync, mkdtempSync, openSync, rmdirSync, rmSync, writeSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import process from 'node:process'
import { systemCode } from '../../src/protocol/errors.ts'

/**
 * A real file system, small enough to be filled. It is mounted in a namespace of a shell that reads its commands from us: when
 * this process ends, however it ends, the shell does, and with it the mount. Who is to see it goes in; from outside it is seen
 * through /proc.
 */
export interface SmallDisk {
  /** The mount, as those inside see it. */
  readonly dir: string
  /** The same from outside. */
  readonly path: string
  /** The program that goes in and becomes the one whose command line comes behind. */
  readonly enter: readonly string[]
  /** To the last byte. */
  fill(): void
  /** Gives back what `fill` took. */
  free(): void
  /** Nothing can be written through its path any more; what is open stays so. */
  cover(): Promise<void>
  uncover(): Promise<void>
  end(): Promise<void>
}

const unshare = process.getuid?.() === 0 ? ['-m'] : ['-rm']

/** Why there can be none here; null when there can. */
export const noDisk = ((): string | null => {
  const script = 'mount -t tmpfs -o size=64k tmpfs /tmp && mount --bind /tmp /tmp && cat /proc/self/stat >/dev/null'
  const { status, stderr, error } = spawnSync('unshare', [...unshare, 'sh', '-c', script], { encoding: 'utf8' })
  return status === 0 ? null : `no file system can be mounted here: ${error?.message ?? stderr.trim()}`
})()

export async function smallDisk(bytes: number): Promise<SmallDisk> {
  const dir = mkdtempSync(join(tmpdir(), 'hyphae-disk-'))
  const shell: ChildProcessWithoutNullStreams = spawn('unshare', [...unshare, 'sh', '-s'])
  let said = ''
  for (const stream of [shell.stdout, shell.stderr]) stream.setEncoding('utf8').on('data', (text: string) => (said += text))
  const ended = new Promise<void>((resolve) => shell.once('close', () => resolve()))
  const run = async (command: string): Promise<void> => {
    said = ''
    shell.stdin.write(`${command}; echo "answer $?."\n`)
    while (!/answer \d+\./.test(said)) await new Promise((resolve) => shell.stdout.once('data', resolve))
    if (!said.includes('answer 0.')) throw new Error(`${command}: ${said}`)
  }
  await run(`mount -t tmpfs -o size=${bytes},mode=755 tmpfs ${dir}`)

  const path = `/proc/${shell.pid}/root${dir}`
  const ballast = join(path, 'ballast')
  const user = process.getuid?.() === 0 ? [] : ['-U', '--preserve-credentials']
  return {
    dir,
    path,
    enter: ['nsenter', '-t', String(shell.pid), ...user, '-m', '--'],
    fill() {
      const file = openSync(ballast, 'a')
      try {
        for (;;) writeSync(file, Buffer.alloc(4_096))
      } catch (error) {
        if (systemCode(error) !== 'ENOSPC') throw error
      } finally {
        closeSync(file)
      }
    },
    free: () => rmSync(ballast, { force: true }),
    // The kernel refuses while a file is open for writing there, as those of log times are for a moment now and then.
    cover: () => run(`mount --bind ${dir} ${dir} && until mount -o remount,bind,ro ${dir} 2>/dev/null; do :; done`),
    uncover: () => run(`umount ${dir}`),
    async end() {
      shell.stdin.end()
      await ended
      rmdirSync(dir)
    },
  }
}
