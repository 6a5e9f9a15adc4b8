import { constants } from 'node:fs'
import { type FileHandle, open } from 'node:fs/promises'
import { systemCode } from '../protocol/errors.ts'

/**
 * A log to read from; null where there is none yet. Whatever else has its name (a folder, a named pipe) is no log: one can't be
 * read, and waiting for the other would take a thread from everybody.
 */
export async function openLog(path: string): Promise<FileHandle | null> {
  let file: FileHandle
  try {
    file = await open(path, constants.O_RDONLY | constants.O_NONBLOCK)
  } catch (error) {
    if (systemCode(error) === 'ENOENT') return null
    throw error
  }
  try {
    if ((await file.stat()).isFile()) return file
  } catch (error) {
    await file.close()
    throw error
  }
  await file.close()
  return null
}
