/**
 * A card of facts, each a name and what is so.
 */

export type FactsProperties = {
  readonly title: string
  /** Those without a value are left out. */
  readonly facts: readonly (readonly [name: string, value: string | undefined])[]
}

/** Renders the card. */
export function Facts({ title, facts }: FactsProperties) {
  return (
    <section class="card">
      <h2>{title}</h2>
      <dl class="facts">
        {facts.map(([name, value]) =>
          value === undefined ? null : (
            <div key={name}>
              <dt>{name}</dt>
              <dd>{value}</dd>
            </div>
          ),
        )}
      </dl>
    </section>
  )
}
