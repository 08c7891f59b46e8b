/** What the files that deploy the container promise each other; they are read as text, no platform is asked. */
import { readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { expect, test } from 'vitest'

const ROOT = resolve(import.meta.dirname, '../..')
const dockerfile = read('Dockerfile')
const blueprints = ['render.yaml', 'render.disk.yaml'] as const

test('the image runs the container as an ordinary user on the port that it exposes', () => {
  const last = dockerfile.split(/^FROM /m).at(-1) ?? ''
  expect(last).toMatch(/^USER node$/m)
  expect(last).toMatch(/PORT=8080/)
  expect(last).toMatch(/^EXPOSE 8080$/m)
  expect(last).toMatch(/HOST=0\.0\.0\.0/)
  expect(last).toMatch(/^CMD \["node", "inference\/index\.ts"\]$/m)
  expect(last).toMatch(/^HEALTHCHECK [\s\S]*\/healthz/m)
})

test('the image takes the Node that the project is developed with', () => {
  const version = read('.nvmrc').trim()
  const bases = [...dockerfile.matchAll(/^FROM (\S+)/gm)].map((match) => match[1])
  expect(bases.filter((base) => base?.includes(':'))).toEqual(
    Array.from({ length: 2 }, () => `node:${version}-bookworm-slim`),
  )
})

test('only what the image needs travels to its builder', () => {
  const kept = [...read('.dockerignore').matchAll(/^!(.+)$/gm)].map((match) => match[1])
  expect(read('.dockerignore')).toMatch(/^\*$/m)
  const copied = [...dockerfile.matchAll(/^COPY (?!--from)(.+) \S+$/gm)].flatMap(
    (match) => match[1]?.split(' ') ?? [],
  )
  expect(new Set(kept)).toEqual(new Set(copied))
})

test('the image holds no secret and installs what the lockfile says', () => {
  expect(dockerfile).not.toMatch(/(SECRET|API_KEY|TOKEN)=\S/)
  expect(dockerfile).toMatch(/npm ci --omit=dev/)
})

test.each(blueprints)(
  '%s builds this Dockerfile and protects the container by a generated secret',
  (name) => {
    const blueprint = read(name)
    expect(field(blueprint, 'type')).toBe('web')
    expect(field(blueprint, 'runtime')).toBe('docker')
    expect(field(blueprint, 'dockerfilePath')).toBe('./Dockerfile')
    expect(field(blueprint, 'healthCheckPath')).toBe('/healthz')
    expect(blueprint).toMatch(/- key: LOCAL_LLM_SECRET\n\s+generateValue: true\n/)
    expect(blueprint).toMatch(/- key: PORT\n\s+value: "8080"\n/)
    expect(blueprint).not.toMatch(/key: (ANTHROPIC_API_KEY|ROUTER_KEYS|ADMIN_KEY)/)
  },
)

test.each(blueprints)('%s gives answers in progress a time that Render accepts', (name) => {
  const seconds = Number(field(read(name), 'maxShutdownDelaySeconds'))
  expect(seconds).toBeGreaterThan(30)
  expect(seconds).toBeLessThanOrEqual(300)
  const drain = Number(/- key: SHUTDOWN_TIMEOUT_MS\n\s+value: "(\d+)"/.exec(read(name))?.[1])
  expect(drain).toBeGreaterThan(0)
  expect(drain).toBeLessThan(seconds * 1000)
})

test('only a paid plan has a disk, and models are kept on it', () => {
  expect(field(read('render.yaml'), 'plan')).toBe('free')
  expect(read('render.yaml')).not.toMatch(/^\s+disk:/m)
  const paid = read('render.disk.yaml')
  expect(field(paid, 'plan')).toBe('standard')
  expect(paid).toMatch(new RegExp(`- key: MODEL_CACHE_DIR\\n\\s+value: ${field(paid, 'mountPath')}\\n`))
})

function read(path: string): string {
  return readFileSync(join(ROOT, path), 'utf8')
}

function field(yaml: string, name: string): string | undefined {
  return new RegExp(`^[\\s-]*${name}: (.+)$`, 'm').exec(yaml)?.[1]
}
