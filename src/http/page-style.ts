/** How our pages look, in the light and in the dark. */
export const style = `
:root { color-scheme: light dark; --text: #1d2433; --dim: #566074; --line: #d9dee8; --back: #fff; --box: #f4f6fa; --link: #0b57b8 }
@media (prefers-color-scheme: dark) {
  :root { --text: #e3e7ef; --dim: #a2acbf; --line: #333c4d; --back: #12161d; --box: #1b212c; --link: #8ab8ff }
}
* { box-sizing: border-box }
body { margin: 0 auto; max-width: 62rem; padding: 1.5rem 1rem 4rem; font: 16px/1.5 system-ui, sans-serif; color: var(--text); background: var(--back) }
h1 { font-size: 1.6rem; margin: 0 } h2 { font-size: 1.25rem; margin: 2.5rem 0 .5rem; border-bottom: 1px solid var(--line) }
h3 { font-size: 1.05rem; margin: 0 } h4 { font-size: .9rem; margin: 1rem 0 .3rem; color: var(--dim) }
a { color: var(--link) } p { margin: .5rem 0; max-width: 46rem }
a:focus-visible, pre:focus-visible, input:focus-visible, button:focus-visible, summary:focus-visible { outline: 2px solid var(--link); outline-offset: 2px }
header p { color: var(--dim) }
code, pre { font: .875rem/1.5 ui-monospace, SFMono-Regular, Menlo, Consolas, monospace }
pre { background: var(--box); border: 1px solid var(--line); border-radius: 6px; padding: .6rem .8rem; margin: .6rem 0; white-space: pre-wrap; overflow-wrap: anywhere }
pre.line { user-select: all }
.wide { overflow-x: auto; margin-top: .8rem } .command table.fields { min-width: 36rem } .command table.answers td:first-child { width: 5rem }
table { border-collapse: collapse; width: 100%; font-size: .9rem } caption { text-align: left; color: var(--dim); font-size: .85rem; padding: .3rem 0 }
th, td { text-align: left; vertical-align: top; padding: .35rem .8rem .35rem 0; border-bottom: 1px solid var(--line) }
th { color: var(--dim); font-weight: 600 } td:first-child { white-space: nowrap }
section.command { border: 1px solid var(--line); border-radius: 8px; padding: 1rem; margin: 1rem 0 }
.facts { color: var(--dim); font-size: .9rem; margin: .2rem 0 .6rem } .path { overflow-wrap: anywhere } .path code { font-size: 1rem; font-weight: 600 }
.method { flex: none; display: inline-block; min-width: 3.4rem; color: var(--dim); font-weight: 700 }
nav ul { list-style: none; padding: 0; margin: .3rem 0; columns: 22rem } nav li { display: flex; break-inside: avoid; padding: .1rem 0; overflow-wrap: anywhere }
form { display: flex; gap: .5rem; align-items: center; flex-wrap: wrap; margin: 1rem 0 } form[hidden] { display: none }
input, button { font: inherit; color: inherit; background: var(--box); border: 1px solid var(--line); border-radius: 6px; padding: .3rem .6rem }
details { margin-top: .8rem } summary { cursor: pointer; color: var(--dim) }
.dim { color: var(--dim) }
`
