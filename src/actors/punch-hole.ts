import { spawn } from 'node:child_process'
import { type FileHandle, open, rm } from 'node:fs/promises'
import { join } from 'node:path'
import process from 'node:process'
import { isNoRoom, messageOf } from '../protocol/errors.ts'
import { limits } from '../protocol/limits.ts'
import { resolveCommand } from './resolve-command.ts'
import { assertDescriptors } from './spare-descriptors.ts'

/**
 * Gives back the room that the beginning of a file takes, while somebody writes to its end: what was there reads as zeros then,
 * and everything behind keeps its place. Node can't do that itself; fallocate(1) of util-linux can.
 */
export interface HolePuncher {
  /** Why it can't be done in this folder; null: it can. Tried once, with a file of our own. */
  unable(folder: string): Promise<string | null>
  punch(file: FileHandle, length: number): Promise<void>
}

const trialBytes = 256 * 1024

export function createHolePuncher({ environment }: { readonly environment: NodeJS.ProcessEnv }): HolePuncher {
  const tried = new Map<string, Promise<string | null>>()

  const punch = async (file: FileHandle, length: number): Promise<void> => {
    const program = resolveCommand('fallocate', '/', environment)
    if ('because' in program) throw new Error(program.because)
    // By its descriptor: another file may have this name by now.
    const args = ['--punch-hole', '--offset', '0', '--length', String(length), '/proc/self/fd/3']
    assertDescriptors()
    const child = spawn(program.path, args, { stdio: ['ignore', 'ignore', 'pipe', file.fd], env: { LC_ALL: 'C' } })
    const patience = setTimeout(() => child.kill('SIGKILL'), limits.logPunchTime)
    let said = ''
    child.stderr?.setEncoding('utf8').on('data', (text: string) => {
      if (said.length < limits.quotedText) said += text
    })
    try {
      const ended = await new Promise<string>((resolve, reject) => {
        child.once('error', reject)
        child.once('close', (code, signal) => resolve(signal ?? String(code)))
      })
      if (ended !== '0') throw new Error(said.trim() === '' ? `fallocate ended with ${ended}` : said.trim())
    } finally {
      clearTimeout(patience)
    }
  }
  const attempt = async (folder: string): Promise<string | null> => {
    if (process.platform !== 'linux') return 'this system can punch no holes'
    const path = join(folder, `.hole-${process.pid}`)
    const file = await open(path, 'w+', 0o600)
    try {
      await file.writeFile(Buffer.alloc(trialBytes, 'x'))
      await punch(file, trialBytes / 2)
      const { size, blocks } = await file.stat()
      return size === trialBytes && blocks * 512 < trialBytes ? null : 'its file system gives nothing back'
    } catch (error) {
      // A full disk is no answer.
      if (isNoRoom(error)) throw error
      return messageOf(error).slice(0, limits.quotedText)
    } finally {
      await file.close()
      await rm(path, { force: true })
    }
  }

  return {
    unable(folder) {
      const known = tried.get(folder)
      if (known !== undefined) return known
      const trial = attempt(folder)
      tried.set(folder, trial)
      trial.catch(() => tried.delete(folder))
      return trial
    },
    punch,
  }
}
