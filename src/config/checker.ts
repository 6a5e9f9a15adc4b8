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
  return {
    tree,
    error: (path, finding, part) => {
      if (!tree.broken(path)) report.error(tree.offset(path, part), path, finding)
    },
    warn: (path, finding, part) => report.warn(tree.offset(path, part), path, finding),
  }
}
