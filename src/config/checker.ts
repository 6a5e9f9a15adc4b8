import type { Finding, Path, Report } from './report.ts'
import type { Tree } from './tree.ts'

/** Tells what is wrong with a field, wherever it stands. */
export interface Checker {
  readonly tree: Tree
  /** `part` is what the caret points at; the value unless told. Silent where the value was faulted before. */
  error(path: Path, finding: Finding, part?: 'key' | 'value'): void
  warn(path: Path, finding: Finding, part?: 'key' | 'value'): void
}

export function createChecker(tree: Tree, report: Report): Checker {
  /** As it stands in the file: of an instance, its family. */
  const written = (path: Path): Path => {
    const [, services, name] = path
    const instance = services === 'services' && typeof name === 'string' ? tree.instance(name) : undefined
    return instance === undefined ? path : path.with(2, instance.family)
  }
  return {
    tree,
    error: (path, finding, part) => {
      if (!tree.broken(path)) report.error(tree.offset(path, part), written(path), finding)
    },
    warn: (path, finding, part) => report.warn(tree.offset(path, part), written(path), finding),
  }
}
