import { describe, expect, test } from 'vitest'
import { registry } from '../../src/commands/registry.ts'
import { apiPage } from '../../src/http/api-page.ts'
import { commandParts } from '../../src/http/command-parts.ts'
import { curlLine } from '../../src/http/curl-line.ts'
import { html, pageOf, prose } from '../../src/http/html.ts'
import { openApi } from '../../src/http/openapi.ts'
import type { JsonSchema } from '../../src/protocol/api.ts'
import { rowsOf } from '../../src/http/schema-rows.ts'

/** Pages as texts. How they look and live is for test/system/http-pages.test.ts. */

const document = openApi('1.2.3', commandParts(registry))
const curl = { origin: 'http://localhost:3001', service: 'web', token: false }

describe('html', () => {
  test('what is put in is text', () => {
    expect(html`<b title="${'"&<'}">${'<script>'}${[1, html`<i>${"'"}</i>`]}</b>`.text).toBe(
      '<b title="&quot;&amp;&lt;">&lt;script&gt;1<i>&#39;</i></b>',
    )
    expect(prose('use `a<b` here').text).toBe('use <code>a&lt;b</code> here')
  })

  test('a page loads and runs nothing; its style is the one that it was made with', () => {
    expect(pageOf({ title: 'x', body: html``, style: 'b {}' }).policy).toBe(
      "default-src 'none'; style-src 'sha256-zy87ZYlZV4kMyp51wB+3ABJeEclAGRFupKDmlDS9DAw='; img-src data:; " +
        "base-uri 'none'; form-action 'self'; frame-ancestors 'none'",
    )
  })
})

describe('the page of the API', () => {
  const { text, policy } = apiPage(document)(curl)

  test('has every command, and nothing that runs', () => {
    for (const name of registry.keys()) expect(text).toContain(`id="${name}"`)
    expect(text).not.toMatch(/<script|\son\w+=|javascript:|https?:\/\/(?!localhost:3001)/)
    expect(policy).not.toContain('script-src')
  })

  test('leads only to what is in it', () => {
    const ids = new Set(Array.from(text.matchAll(/ id="([^"]+)"/g), ([, id]) => id))
    for (const [, target] of text.matchAll(/href="#([^"]+)"/g)) expect(ids).toContain(target)
    for (const [, label] of text.matchAll(/aria-labelledby="([^"]+)"/g)) expect(ids).toContain(label)
  })

  test('the lines are for a shell, whatever the service is called', () => {
    const operation = document.paths['/api/v1/service/restart']?.post
    if (operation === undefined) throw new Error('there is no restart')
    expect(curlLine('/api/v1/service/restart', 'post', operation, curl)).toBe(
      `curl -H 'content-type: application/json' -d '{"services":["web"]}' 'http://localhost:3001/api/v1/service/restart'`,
    )
    const odd = curlLine('/x/{name}', 'post', operation, { ...curl, service: `a'b"`, token: true })
    expect(odd).toBe(
      String.raw`curl -H "authorization: Bearer $HYPHAE_TOKEN" -H 'content-type: application/json' -d '{"services":["a'\''b\""]}' 'http://localhost:3001/x/a'\''b%22'`,
    )
  })
})

test('a schema as rows: what is within stands below, to a depth', () => {
  const leaf: JsonSchema = { type: 'string', default: 'x', description: 'a leaf' }
  const list: JsonSchema = { type: 'array', items: { type: 'object', properties: { leaf }, required: ['leaf'] } }
  const choice: JsonSchema = { anyOf: [{ type: 'boolean' }, { type: 'integer', minimum: 0, maximum: 9 }] }
  const map: JsonSchema = { type: 'object', additionalProperties: { type: 'object', properties: { leaf } } }
  const rows = rowsOf({ type: 'object', properties: { list, choice, map, when: { type: 'string', format: 'date-time' } } })
  expect(rows.map(({ name, type, required, description }) => [name, type, required, description])).toEqual([
    ['list', 'list of objects', false, ''],
    ['list[].leaf', 'string', true, 'a leaf; without it `"x"`'],
    ['choice', 'boolean or integer, 0 to 9', false, ''],
    ['map', 'object of objects', false, ''],
    ['map.*.leaf', 'string', false, 'a leaf; without it `"x"`'],
    ['when', 'time (ISO 8601)', false, ''],
  ])
})
