/**
 * A reader of Prometheus' text format 0.0.4, written from its description
 * (prometheus.io/docs/instrumenting/exposition_formats) and strict: what the format does not allow throws.
 */

export type ReadSample = {
  readonly name: string
  readonly labels: Readonly<Record<string, string>>
  readonly value: number
}

const NAME = /^[a-zA-Z_:][\w:]*/
const LABEL = /^([a-zA-Z_]\w*)="((?:[^"\\\n]|\\["\\n])*)"(,|\})/
const VALUE = /^(NaN|[+-]Inf|[+-]?(\d+(\.\d*)?|\.\d+)(e[+-]?\d+)?)$/i
const SUFFIXES: Readonly<Record<string, RegExp>> = {
  counter: /^$/,
  gauge: /^$/,
  histogram: /^(_bucket|_count|_sum)$/,
}

/** Returns the samples. @throws {Error} that quotes the line */
export function readPrometheus(text: string): readonly ReadSample[] {
  if (!text.endsWith('\n')) throw new Error('the last line must end')
  const samples: ReadSample[] = []
  const seen = new Set<string>()
  const closed = new Set<string>()
  let family: { name: string; type: string } | undefined
  let helped: string | undefined
  for (const line of text.slice(0, -1).split('\n')) {
    const help = /^# HELP (\S+) (?:[^\\]|\\[\\n])*$/.exec(line)
    const type = /^# TYPE (\S+) (counter|gauge|histogram)$/.exec(line)
    if (help?.[1] !== undefined) {
      if (family !== undefined) closed.add(family.name)
      if (closed.has(help[1])) throw new Error(`two groups: ${line}`)
      family = undefined
      helped = help[1]
    } else if (type?.[1] !== undefined && type[2] !== undefined) {
      if (helped !== type[1]) throw new Error(`TYPE without HELP: ${line}`)
      family = { name: type[1], type: type[2] }
    } else {
      const sample = readSample(line)
      const suffix =
        family && sample.name.startsWith(family.name) ? sample.name.slice(family.name.length) : undefined
      if (family === undefined || suffix === undefined || !SUFFIXES[family.type]?.test(suffix))
        throw new Error(`of no family: ${line}`)
      const key = JSON.stringify([sample.name, Object.entries(sample.labels).sort()])
      if (seen.has(key)) throw new Error(`twice: ${line}`)
      seen.add(key)
      samples.push(sample)
    }
  }
  return samples
}

function readSample(line: string): ReadSample {
  const name = NAME.exec(line)?.[0]
  if (name === undefined) throw new Error(`no name: ${line}`)
  let rest = line.slice(name.length)
  const labels: Record<string, string> = {}
  if (rest.startsWith('{')) {
    rest = rest.slice(1)
    for (let open = true; open; ) {
      const label = LABEL.exec(rest)
      if (label?.[1] === undefined || label[2] === undefined) throw new Error(`no label: ${line}`)
      if (Object.hasOwn(labels, label[1])) throw new Error(`a label twice: ${line}`)
      labels[label[1]] = label[2].replaceAll(/\\(.)/g, (_, each) => (each === 'n' ? '\n' : each))
      rest = rest.slice(label[0].length)
      open = label[3] === ','
    }
  }
  if (!rest.startsWith(' ') || !VALUE.test(rest.slice(1))) throw new Error(`no value: ${line}`)
  return { name, labels, value: Number(rest.slice(1)) }
}
