import { createHash } from 'node:crypto'
import { readdir, readFile, stat } from 'node:fs/promises'
import { extname, join, relative, sep } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { gzip } from 'node:zlib'
import { limits } from '../protocol/limits.ts'

/** The files of the inspector's page, as `npm run build` made them. They are read once: no path of a request reaches the disk. */

type Bytes = Uint8Array<ArrayBuffer>

export interface PageFile {
  /** `/assets/index-CY0ZbVFo.css`; of the page itself `/`. */
  readonly path: string
  readonly type: string
  /** Of the same bytes always the same, compressed or not. */
  readonly etag: string
  /** Its name changes with its bytes. */
  readonly isHashed: boolean
  readonly bytes: Bytes
  /** null: it would not get smaller. */
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
      room -= (await stat(name)).size
      if (room < 0 || found.size >= limits.pageFiles) return null
      const path = `/${place.join('/')}`
      const file = fileOf(path === '/index.html' ? '/' : path, type, Uint8Array.from(await readFile(name)))
      found.set(file.path, file)
    }
    return found.has('/') ? found : null
  } catch {
    return null
  }
}

const compress = promisify(gzip)

function fileOf(path: string, type: string, bytes: Bytes): PageFile {
  let made: Promise<Bytes | null> | undefined
  const make = async (): Promise<Bytes | null> => {
    const small = Uint8Array.from(await compress(bytes))
    return small.length < bytes.length ? small : null
  }
  return {
    path,
    type,
    bytes,
    etag: `W/"${createHash('sha256').update(bytes).digest('base64url').slice(0, 22)}"`,
    isHashed: /^\/assets\/.+-[\w-]{8}\.\w+$/.test(path),
    // Once, when the first asks: the layout engine alone takes 50 ms, in a thread.
    gzipped: () => (made ??= isSmallAlready(type) ? Promise.resolve(null) : make()),
  }
}
