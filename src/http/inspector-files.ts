import { createHash } from 'node:crypto'
import { readdir, readFile, stat } from 'node:fs/promises'
import { extname, join, relative, sep } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { gunzip, gzip } from 'node:zlib'
import { limits } from '../protocol/limits.ts'

/**
 * The files of the inspector's page, as `npm run build` made them. Which ones there are is known once they were looked for: no
 * path of a request reaches the disk.
 */

type Bytes = Uint8Array<ArrayBuffer>

export interface PageFile {
  /** `/assets/index-CY0ZbVFo.css`; of the page itself `/`. */
  readonly path: string
  readonly type: string
  /** Of the same bytes always the same, compressed or not. */
  readonly etag: string
  /** Its name changes with its bytes. */
  readonly isHashed: boolean
  /** Rejects where a large file is not there any more. */
  whole(): Promise<Bytes>
  /** null: it would not get smaller. Rejects likewise. */
  gzipped(): Promise<Bytes | null>
}

/** By path. */
export type PageFiles = ReadonlyMap<string, PageFile>

/** Both from src/http and from dist/http. */
export const builtPage = fileURLToPath(new URL('../../dist/inspector', import.meta.url))

/** What is not listed here is not given out. */
const types: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.json': 'application/json',
  '.svg': 'image/svg+xml',
  '.png': 'image/png',
  '.woff2': 'font/woff2',
  '.md': 'text/plain; charset=utf-8',
}
const isSmallAlready = (type: string): boolean => type === 'image/png' || type === 'font/woff2'

/** The page in this folder; null: there is none that could be given out. */
export async function readPageFiles(folder: string): Promise<PageFiles | null> {
  try {
    const found = new Map<string, PageFile>()
    let room: number = limits.pageBytes
    for (const entry of await readdir(folder, { recursive: true, withFileTypes: true })) {
      const name = join(entry.parentPath, entry.name)
      const place = relative(folder, name).split(sep)
      const type = types[extname(name)]
      // A link could lead anywhere, and what needs an escape in a path would have two.
      if (!entry.isFile() || type === undefined || !place.every((part) => /^[\w.-]+$/.test(part))) continue
      const { size } = await stat(name)
      room -= size
      if (room < 0 || found.size >= limits.pageFiles) return null
      const written = `/${place.join('/')}`
      const path = written === '/index.html' ? '/' : written
      const isLater = size > limits.pageFileBytes && isHashed(path)
      found.set(path, isLater ? laterFile(path, type, name, size) : fileOf(path, type, await readBytes(name)))
    }
    return found.has('/') ? found : null
  } catch {
    return null
  }
}

const compress = promisify(gzip)
const expand = promisify(gunzip)
const readBytes = async (name: string): Promise<Bytes> => Uint8Array.from(await readFile(name))
const isHashed = (path: string): boolean => /^\/assets\/.+-[\w-]{8}\.\w+$/.test(path)
const etagOf = (what: Bytes | string): string => `W/"${createHash('sha256').update(what).digest('base64url').slice(0, 22)}"`

async function smaller(bytes: Bytes): Promise<Bytes | null> {
  const small = Uint8Array.from(await compress(bytes))
  return small.length < bytes.length ? small : null
}

function fileOf(path: string, type: string, bytes: Bytes): PageFile {
  let made: Promise<Bytes | null> | undefined
  return {
    path,
    type,
    etag: etagOf(bytes),
    isHashed: isHashed(path),
    whole: () => Promise.resolve(bytes),
    // Once, when the first asks.
    gzipped: () => (made ??= isSmallAlready(type) ? Promise.resolve(null) : smaller(bytes)),
  }
}

/** A large file, as the layout engine: read when the first asks for it, in a few fleets ever, and kept compressed only. */
function laterFile(path: string, type: string, name: string, size: number): PageFile {
  let made: Promise<Bytes | null> | undefined
  function gzipped(): Promise<Bytes | null> {
    made ??= (async () => (isSmallAlready(type) ? null : smaller(await readBytes(name))))()
    // It may be there again the next time.
    made.catch(() => (made = undefined))
    return made
  }
  return {
    path,
    type,
    // Its name says what is in it.
    etag: etagOf(`${path} ${size}`),
    isHashed: true,
    gzipped,
    async whole() {
      const small = await gzipped()
      return small === null ? readBytes(name) : Uint8Array.from(await expand(small))
    },
  }
}
